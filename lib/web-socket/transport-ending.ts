import { startTimer } from '../options/start-timer.ts'
import type { WebSocketTransport } from './transport/web-socket-transport.ts'

/** Is notified about the end of a transport. */
export interface TransportEndingListener {
  /** Both sides have ended, and the transport is about to be closed. */
  onTransportClosing(): void
  /** The transport has not closed within the timeout. */
  onEndTimeout(): void
}

/** Ends a transport: ends our side, waits for the peer's side, and destroys the stream when both have ended. */
export class TransportEnding {
  /** Whether the peer has ended its side. */
  isPeerEnded = false
  readonly #transport: WebSocketTransport
  readonly #listener: TransportEndingListener
  /** Whether the stream stays open until the peer has also ended its side. */
  #isPeerAwaited = true
  #isClosed = false
  #timer: NodeJS.Timeout | undefined

  constructor(transport: WebSocketTransport, listener: TransportEndingListener) {
    this.#transport = transport
    this.#listener = listener
  }

  /** Reports a transport that is not closed after `timeout` milliseconds. A running timer is not changed. */
  startTimer(timeout: number): void {
    if (this.#timer !== undefined || this.#isClosed) return
    this.#timer = startTimer(timeout, onTimeout, this)?.unref()
  }

  stopTimer(): void {
    clearTimeout(this.#timer)
    this.#timer = undefined
  }

  /** Ends our side after all data was written. */
  end(): void {
    const { duplex } = this.#transport
    if (duplex.destroyed) return
    // Later data is read and dropped, because a stream reports the end of the peer only when all data before it was read.
    duplex.resume()
    if (!duplex.writableEnded) this.#transport.end()
    this.destroyWhenFinished()
  }

  /** Stops waiting for the peer to end its side. */
  stopWaitingForPeer(): void {
    this.#isPeerAwaited = false
    if (this.#transport.duplex.writableEnded) this.destroyWhenFinished()
  }

  /** Destroys the stream when all data has left, unless it waits for the peer. */
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
