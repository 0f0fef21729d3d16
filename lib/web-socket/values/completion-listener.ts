import type { WebSocketCompletion } from './web-socket-completion.ts'

/** Who is told when nothing more can happen on a WebSocket. */
export interface CompletionListener {
  /** Called once. Must not throw. */
  onCompleted(completion: WebSocketCompletion): void
}
