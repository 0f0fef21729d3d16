import { WebSocketException } from './web-socket-exception.ts'
import type { WebSocketExceptionCode } from './web-socket-exception.ts'

/**
 * An error that only the connection has caused. Its stack has one line: no line of the program led to it, and capturing a stack costs more than
 * the rest of ending the connection. The message ends with the code of the cause, because most logs contain only the message.
 */
export function connectionError(code: WebSocketExceptionCode, message: string, cause?: unknown): WebSocketException {
  const { stackTraceLimit } = Error
  // `Reflect.set` does not throw if `Error` is frozen (`--frozen-intrinsics`).
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
