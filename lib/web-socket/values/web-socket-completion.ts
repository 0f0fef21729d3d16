import type { WebSocketException } from '../../errors/web-socket-exception.ts'

/** How a WebSocket ended. */
export interface WebSocketCompletion {
  /** The code of the peer's Close frame, or else of ours; 1006 if the connection ended without a Close frame (RFC 6455, section 7.1.5). */
  readonly closeStatus: number
  /** The reason in that Close frame, or `''`. */
  readonly closeStatusDescription: string
  /** Whether both sides sent a Close frame and the connection then ended in order. */
  readonly wasClean: boolean
  /** The side that was the first to send a Close frame or to end the connection. */
  readonly endedBy: 'local' | 'remote'
  /** The error that ended the WebSocket, if there is one. */
  readonly error: WebSocketException | undefined
}
