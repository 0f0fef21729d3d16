import type { ManagedWebSocket } from 'express-use-websockets'

/** A service that runs as long as the server. It sends the time to all sockets that routes have passed to it. */
export class BackgroundSocketProcessor {
  readonly #webSockets = new Set<ManagedWebSocket>()
  readonly #timer: NodeJS.Timeout

  /** @param interval - milliseconds between two messages. */
  constructor(interval = 1000) {
    this.#timer = setInterval(() => this.#tellTime(), interval)
  }

  /** Adds a socket until it has closed. */
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

  /** Without a receive, the service would not see the Close frame of the client. */
  async #listen(webSocket: ManagedWebSocket): Promise<void> {
    try {
      for await (const message of webSocket) await webSocket.sendAsync(`You said: ${String(message)}`)
    } catch {
      // `completion` tells how it ended.
    } finally {
      this.#webSockets.delete(webSocket)
      await webSocket[Symbol.asyncDispose]()
    }
  }
}
