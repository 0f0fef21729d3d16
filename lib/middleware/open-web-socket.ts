import type { IncomingMessage } from 'node:http'
import type { AcceptedWebSocket } from './accepted-web-socket.ts'

/** A WebSocket that is open, and how it came. */
export interface OpenWebSocket<Request extends IncomingMessage = IncomingMessage> {
  /** The request that asked for it, with all that middleware has put there: its session, its user. */
  readonly request: Request
  /** The socket: a `ManagedWebSocket`, or what stands for one of `ws`. */
  readonly webSocket: AcceptedWebSocket
}
