import { argumentError } from '../options/argument-error.ts'
import { ManagedWebSocket } from '../web-socket/managed-web-socket.ts'

/** @throws {@link WebSocketException} with code `ERR_WEBSOCKET_INVALID_ARGUMENT` if the value is not a `ManagedWebSocket`. */
export function toManagedWebSocket(owner: string, value: unknown): ManagedWebSocket {
  if (value instanceof ManagedWebSocket) return value
  throw argumentError(
    owner,
    'webSocket',
    'must be a ManagedWebSocket, such as acceptWebSocketAsync() returns, not a WebSocket of ws',
    value,
  )
}
