import type { WebSocketCompletion } from './web-socket-completion.ts'

/** Is notified when a WebSocket has ended. */
export interface CompletionListener {
  /** Called at most once, when both sides have closed in order and the connection is about to close. Must not throw. */
  onClosing(): void
  /** Called once, with the code that the peer has seen: 1006 if no Close frame was sent. Must not throw. */
  onCompleted(completion: WebSocketCompletion, peerCloseStatus: number): void
}
