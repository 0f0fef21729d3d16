import type { WebSocketCompletion } from '../web-socket/values/web-socket-completion.ts'
import type { WebSocketState } from '../web-socket/values/web-socket-state.ts'

/**
 * The members that every accepted WebSocket has. It is a `ManagedWebSocket`, or it represents the `ws` socket that
 * `express-use-websockets/ws` has created.
 */
export interface AcceptedWebSocket {
  /** Bytes that the application has sent and that have not left the process yet. */
  readonly bufferedAmount: number
  /** Payload bytes of the messages received so far, after decompression. */
  readonly bytesReceived: number
  /** Payload bytes of the messages sent so far, before compression. */
  readonly bytesSent: number
  /** The number of messages that were received completely so far. */
  readonly messagesReceived: number
  /** The number of messages that were sent completely so far. */
  readonly messagesSent: number
  /** Resolves when the socket has ended, with a description of how it ended. It never rejects. */
  readonly completion: Promise<WebSocketCompletion>
  /** Whether permessage-deflate was negotiated. */
  readonly isCompressed: boolean
  /** The round-trip time of the last answered ping, in milliseconds; `undefined` before the first pong. */
  readonly roundTripTime: number | undefined
  /** The state of the socket. */
  readonly state: WebSocketState
  /** The negotiated sub-protocol, or `null`. */
  readonly subProtocol: string | null
  /** Aborts the connection at once. */
  abort(): void
  /** Sends a Close frame and waits for the end of the connection. */
  closeAsync(closeStatus: number, statusDescription?: string | null): Promise<void>
  /** @internal The number of messages that a drain discarded because the application did not receive them. */
  readonly unreceived: number
  /** @internal Sends a Close frame. The application can still receive the messages that arrive before the peer's Close frame. */
  drain(closeStatus: number, statusDescription: string): void
  /** @internal From now on, the application receives no data, but only the peer's Close frame. */
  discardIncoming(): void
  /** @internal Discards unreceived messages, up to the peer's Close frame if it has arrived. */
  passUnreceived(): void
  /** Ends the connection without a Close frame. */
  dispose(): void
}
