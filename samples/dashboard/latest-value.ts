import { WebSocketState } from 'express-use-websockets'
import type { ManagedWebSocket } from 'express-use-websockets'

/** A value that changes faster than some clients can read it. Each subscriber gets the latest value when it has room, never a backlog. */
export class LatestValue {
  #value = ''
  readonly #changed = new Map<ManagedWebSocket, () => void>()

  publish(value: string): void {
    this.#value = value
    for (const wake of this.#changed.values()) wake()
  }

  /** Sends each new value to one socket until the socket closes. */
  async serve(webSocket: ManagedWebSocket): Promise<void> {
    let sent: string | undefined
    void webSocket.completion.then(() => this.#changed.get(webSocket)?.())
    while (webSocket.state === WebSocketState.Open) {
      if (sent === this.#value) {
        await new Promise<void>((resolve) => this.#changed.set(webSocket, resolve))
        continue
      }
      sent = this.#value
      // Waits while the client is slow. Values that are published meanwhile are not queued.
      await webSocket.sendAsync(sent).catch(() => undefined)
    }
    this.#changed.delete(webSocket)
  }
}
