import { WebSocketException } from './web-socket-exception.ts'
import type { WebSocketExceptionCode } from './web-socket-exception.ts'

/** Whether an error, or its cause, says that the connection ended because of the peer or the network. */
export function isConnectionError(error: unknown): boolean {
  return error instanceof WebSocketException && (CODES.has(error.code) || isConnectionError(error.cause))
}

const CODES: ReadonlySet<WebSocketExceptionCode> = new Set([
  'ERR_WEBSOCKET_CLOSED_PREMATURELY',
  'ERR_WEBSOCKET_INVALID_PAYLOAD',
  'ERR_WEBSOCKET_KEEP_ALIVE_TIMEOUT',
  'ERR_WEBSOCKET_MESSAGE_TOO_BIG',
  'ERR_WEBSOCKET_PROTOCOL_ERROR',
  'ERR_WEBSOCKET_RATE_LIMIT_EXCEEDED',
  'ERR_WEBSOCKET_TOO_SLOW',
])
