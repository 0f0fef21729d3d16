import { startTimer } from '../options/start-timer.ts'
import type { WebSocketTransport } from './transport/web-socket-transport.ts'

/** What the end of a transport tells its connection. */
export interface TransportEndingListener {
  /** Both sides have ended, and the transport is about to be closed. */
  onTransportClosing(): void
  /** The transport has not closed in the time that it was given. */
  onEndTimeout(): void
}

/** Sees a transport to its end: ends our side, waits for the peer's, and destroys the stream when both have ended. */
export class TransportEnding {
  /** Whether the peer has ended its side. */
  isPeerEnded = false
  readonly #transport: WebSocketTransport
  readonly #listener: TransportEndingListener
  /** Whether the stream stays until the peer, too, has ended its side. */
  #isPeerAwaited = true
  #isClosed = false
  #timer: NodeJS.Timeout | undefined

  constructor(transport: WebSocketTransport, listener: TransportEndingListener) {
    this.#transport = transport
    this.#listener = listener
  }

  /** Reports a transport that is not closed after `timeout` milliseconds. A timer that runs already stays as it is. */
  startTimer(timeout: number): void {
    if (this.#timer !== undefined || this.#isClosed) return
    this.#timer = startTimer(timeout, onTimeout, this)?.unref()
  }

  stopTimer(): void {
    clearTimeout(this.#timer)
    this.#timer = undefined
  }

  /** Ends our side, after everything that was written. */
  end(): void {
    const { duplex } = this.#transport
    if (duplex.destroyed) return
    // What still arrives is read and dropped, since a stream reports the end of the peer only when all before it was read.
    duplex.resume()
    if (!duplex.writableEnded) this.#transport.end()
    this.destroyWhenFinished()
  }

  /** Stops waiting for the peer to end its side. */
  giveUpPeer(): void {
    this.#isPeerAwaited = false
    if (this.#transport.duplex.writableEnded) this.destroyWhenFinished()
  }

  /** Destroys the stream once everything has left, if the peer is not waited for. */
  destroyWhenFinished(): void {
    const { duplex } = this.#transport
    if ((this.#isPeerAwaited && !this.isPeerEnded) || duplex.destroyed) return
    if (duplex.writableFinished) this.#close()
    else duplex.once('finish', () => this.#close())
  }

  /** The transport has closed. */
  onClosed(): void {
    this.#isClosed = true
    this.stopTimer()
  }

  onTimeout(): void {
    this.#timer = undefined
    this.#listener.onEndTimeout()
  }

  #close(): void {
    this.#listener.onTransportClosing()
    if (this.#transport.close === undefined) this.#transport.duplex.destroy()
    else this.#transport.close()
  }
}

function onTimeout(ending: TransportEnding): void {
  ending.onTimeout()
}
