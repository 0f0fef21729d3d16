import { WebSocketState } from 'express-use-websockets'
import type { ManagedWebSocket } from 'express-use-websockets'

/** A value that changes faster than some can read: each subscriber gets the latest when it has room, never a backlog. */
export class LatestValue {
  #value = ''
  readonly #changed = new Map<ManagedWebSocket, () => void>()

  publish(value: string): void {
    this.#value = value
    for (const wake of this.#changed.values()) wake()
  }

  /** Sends the value to one socket, again and again, until it can be sent no more. */
  async serve(webSocket: ManagedWebSocket): Promise<void> {
    let sent: string | undefined
    void webSocket.completion.then(() => this.#changed.get(webSocket)?.())
    while (webSocket.state === WebSocketState.Open) {
      if (sent === this.#value) {
        await new Promise<void>((resolve) => this.#changed.set(webSocket, resolve))
        continue
      }
      sent = this.#value
      // Waits while the client is slow; what is published meanwhile is not queued.
      await webSocket.sendAsync(sent).catch(() => undefined)
    }
    this.#changed.delete(webSocket)
  }
}
