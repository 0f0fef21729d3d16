import { WebSocketException } from './web-socket-exception.ts'
import type { WebSocketExceptionCode } from './web-socket-exception.ts'

/**
 * The error of something that only the connection has done. Its stack is one line: no line of any program led to it, and taking a stack costs
 * more than the rest of such an end. The message ends with the cause's code, which is all that most logs keep of a cause.
 */
export function connectionError(code: WebSocketExceptionCode, message: string, cause?: unknown): WebSocketException {
  const { stackTraceLimit } = Error
  // `Reflect.set`, because `Error` may be frozen (`--frozen-intrinsics`).
  Reflect.set(Error, 'stackTraceLimit', 0)
  try {
    return new WebSocketException(code, message + codeOf(cause), cause === undefined ? {} : { cause })
  } finally {
    Reflect.set(Error, 'stackTraceLimit', stackTraceLimit)
  }
}

function codeOf(cause: unknown): string {
  return cause instanceof Error && 'code' in cause && typeof cause.code === 'string' ? ` (${cause.code})` : ''
}
