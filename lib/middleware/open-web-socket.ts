import type { IncomingMessage } from 'node:http'
import type { AcceptedWebSocket } from './accepted-web-socket.ts'

/** An open WebSocket and its request. */
export interface OpenWebSocket<Request extends IncomingMessage = IncomingMessage> {
  /** The request that opened it, with everything that middleware has added, such as a session or a user. */
  readonly request: Request
  /** The socket: a `ManagedWebSocket`, or an object that represents a `ws` socket. */
  readonly webSocket: AcceptedWebSocket
}
