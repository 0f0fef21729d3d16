import type { WebSocketTransport } from './web-socket-transport.ts'

/** Sees a transport to its end: ends our side, waits for the peer's, and destroys the stream when both have ended. */
export class TransportEnding {
  /** Whether the peer has ended its side. */
  isPeerEnded = false
  readonly #transport: WebSocketTransport
  /** Whether the stream stays until the peer, too, has ended its side. */
  #isPeerAwaited = true

  constructor(transport: WebSocketTransport) {
    this.#transport = transport
  }

  /** Ends our side, after everything that was written. */
  end(): void {
    const { duplex } = this.#transport
    if (duplex.destroyed) return
    // Nobody reads any more; what still comes is dropped, so that the end of the peer is seen.
    duplex.resume()
    if (!duplex.writableEnded) this.#transport.end()
    this.destroyWhenFinished()
  }

  /** Does not wait for the peer to end its side. */
  giveUpPeer(): void {
    this.#isPeerAwaited = false
    if (this.#transport.duplex.writableEnded) this.destroyWhenFinished()
  }

  /** Destroys the stream once all has left, if there is nothing to wait for. */
  destroyWhenFinished(): void {
    const { duplex } = this.#transport
    if ((this.#isPeerAwaited && !this.isPeerEnded) || duplex.destroyed) return
    if (duplex.writableFinished) this.#close()
    else duplex.once('finish', () => this.#close())
  }

  #close(): void {
    if (this.#transport.close === undefined) this.#transport.duplex.destroy()
    else this.#transport.close()
  }
}
