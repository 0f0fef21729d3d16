import type { WebSocketException } from '../../errors/web-socket-exception.ts'

/** How a WebSocket ended. */
export interface WebSocketCompletion {
  /** The code of the peer's Close frame; else of ours; 1006 if the connection ended without any (RFC 6455, section 7.1.5). */
  readonly closeStatus: number
  /** The reason that came with it, or `''`. */
  readonly closeStatusDescription: string
  /** Whether both sides sent a Close frame and the connection then ended in order. */
  readonly wasClean: boolean
  /** Who ended it: the first to send a Close frame or to cut the connection. */
  readonly endedBy: 'local' | 'remote'
  /** Why it was not clean, if an error says so. */
  readonly error: WebSocketException | undefined
}
