import type { WebSocketCompletion } from '../web-socket/values/web-socket-completion.ts'
import type { WebSocketState } from '../web-socket/values/web-socket-state.ts'

/**
 * What every accepted WebSocket can be asked and told, whoever speaks the protocol on it: it is a `ManagedWebSocket`, or stands for the
 * socket of `ws` that `express-use-websockets/ws` has made.
 */
export interface AcceptedWebSocket {
  /** Bytes that were given to be sent and have not left the process. */
  readonly bufferedAmount: number
  /** Bytes of the messages that were received so far: of their payload, after decompression. */
  readonly bytesReceived: number
  /** Bytes of the messages that were sent so far: of their payload, before compression. */
  readonly bytesSent: number
  /** How many messages were received to their end so far. */
  readonly messagesReceived: number
  /** How many messages were sent to their end so far. */
  readonly messagesSent: number
  /** Resolves, and never rejects, when nothing more can happen on the socket: with how it ended. */
  readonly completion: Promise<WebSocketCompletion>
  /** Whether permessage-deflate was agreed on. */
  readonly isCompressed: boolean
  /** Milliseconds that the last ping of this process took that was answered; `undefined` before the first. */
  readonly roundTripTime: number | undefined
  /** Where the socket is in its life. */
  readonly state: WebSocketState
  /** The sub-protocol that was agreed on, or `null`. */
  readonly subProtocol: string | null
  /** Cuts the connection at once. */
  abort(): void
  /** Sends a Close frame and waits for the end of the connection. */
  closeAsync(closeStatus: number, statusDescription?: string | null): Promise<void>
  /** @internal How many messages a drain has passed over, since nobody received them. */
  readonly unreceived: number
  /** @internal Sends a Close frame, and leaves what comes before the peer's to the application. */
  drain(closeStatus: number, statusDescription: string): void
  /** @internal Passes over what nobody has received, to the peer's Close frame if it is there. */
  passUnreceived(): void
  /** Gives the socket up: ends the connection without a Close frame. */
  dispose(): void
}
