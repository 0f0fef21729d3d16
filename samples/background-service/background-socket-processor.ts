import type { ManagedWebSocket } from 'express-use-websockets'

/** A service that lives as long as the server, and talks to the sockets that routes hand over to it. Here: it tells all of them the time. */
export class BackgroundSocketProcessor {
  readonly #webSockets = new Set<ManagedWebSocket>()
  readonly #timer: NodeJS.Timeout

  /** @param interval - milliseconds between two messages. */
  constructor(interval = 1000) {
    this.#timer = setInterval(() => this.#tellTime(), interval)
  }

  /** Takes a socket over. */
  addSocket(webSocket: ManagedWebSocket): void {
    this.#webSockets.add(webSocket)
    void this.#listen(webSocket)
  }

  stop(): void {
    clearInterval(this.#timer)
    for (const webSocket of this.#webSockets) webSocket.closeAsync(1001, 'The service has stopped').catch(() => undefined)
  }

  #tellTime(): void {
    const now = new Date().toISOString()
    for (const webSocket of this.#webSockets) void webSocket.sendAsync(now)
  }

  /** Somebody has to receive, or the Close frame of the client is not seen. */
  async #listen(webSocket: ManagedWebSocket): Promise<void> {
    try {
      for await (const message of webSocket) await webSocket.sendAsync(`You said: ${String(message)}`)
    } catch {
      // How it ended is in its completion.
    } finally {
      this.#webSockets.delete(webSocket)
      await webSocket[Symbol.asyncDispose]()
    }
  }
}
