import { WebSocketException } from './web-socket-exception.ts'

/** The error of a connection that ended without a close handshake. .NET's `WebSocketError.ConnectionClosedPrematurely`. */
export function closedPrematurely(message: string, cause?: unknown): WebSocketException {
  return new WebSocketException('ERR_WEBSOCKET_CLOSED_PREMATURELY', message, cause === undefined ? {} : { cause })
}
