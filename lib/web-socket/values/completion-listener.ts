import type { WebSocketCompletion } from './web-socket-completion.ts'

/** Who is told when nothing more can happen on a WebSocket. */
export interface CompletionListener {
  /** Called once at most, when both sides have closed in order and the connection is about to be closed as well. Must not throw. */
  onClosing(): void
  /** Called once, with the code that the peer has seen: 1006 if it was sent no Close frame. Must not throw. */
  onCompleted(completion: WebSocketCompletion, peerCloseStatus: number): void
}
