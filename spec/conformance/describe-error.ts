import { WebSocketErrorCode, WebSocketException } from 'express-use-websockets'
import type { WebSocketExceptionCode } from 'express-use-websockets'
import type { LoggedError } from './transcript.ts'

/** Describes an error in terms of .NET: its type, its code and the refused parameter. */
export function describeError(error: unknown): LoggedError {
  if (error instanceof UnreadableStreamError) return { type: 'ObjectDisposedException', message: error.message }
  if (!(error instanceof WebSocketException)) return { type: error instanceof Error ? error.name : typeof error, message: String(error) }
  const { argument = '', code, message } = error
  if (code === 'ABORT_ERR') return { type: 'OperationCanceledException', message }
  if (code === 'ERR_WEBSOCKET_INVALID_ARGUMENT')
    return { ...(ARGUMENT_ERRORS[argument] ?? { type: 'ArgumentException', paramName: argument }), message }
  if (code === 'ERR_WEBSOCKET_NOT_SUPPORTED') return { type: 'NotSupportedException', message }
  if (WRONG_CALLS.has(code)) return { type: 'InvalidOperationException', message }
  return { type: 'WebSocketException', webSocketErrorCode: ERROR_CODES[error.webSocketErrorCode] ?? '', message }
}

/** .NET has its own error for copying from a stream that can neither be read nor written. Here, the error is that of the socket, as the cause. */
export class UnreadableStreamError extends Error {
  constructor(cause: unknown) {
    super('The stream cannot be read', { cause })
  }
}

const WRONG_CALLS: ReadonlySet<WebSocketExceptionCode> = new Set([
  'ERR_WEBSOCKET_ALREADY_ACCEPTED',
  'ERR_WEBSOCKET_NOT_A_WEBSOCKET_REQUEST',
  'ERR_WEBSOCKET_RESPONSE_STARTED',
])

/** .NET checks these values in property setters and by ranges. */
const ARGUMENT_ERRORS: Readonly<Record<string, Pick<LoggedError, 'type'> & { readonly paramName: string }>> = {
  keepAliveInterval: { type: 'ArgumentOutOfRangeException', paramName: 'KeepAliveInterval' },
  keepAliveTimeout: { type: 'ArgumentOutOfRangeException', paramName: 'value.Value' },
  serverMaxWindowBits: { type: 'ArgumentOutOfRangeException', paramName: 'ServerMaxWindowBits' },
}

const ERROR_CODES = Object.fromEntries(Object.entries(WebSocketErrorCode).map(([name, code]) => [code, name]))
