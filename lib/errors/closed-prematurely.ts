import { connectionError } from './connection-error.ts'
import type { WebSocketException } from './web-socket-exception.ts'

/** The error of a connection that ended without a close handshake (.NET's `WebSocketError.ConnectionClosedPrematurely`). */
export function closedPrematurely(message: string, cause?: unknown): WebSocketException {
  return connectionError('ERR_WEBSOCKET_CLOSED_PREMATURELY', message, cause)
}
