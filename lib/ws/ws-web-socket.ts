import type { Duplex } from 'node:stream'
import type { WebSocket } from 'ws'
import type { WebSocketSettings } from '../web-socket/web-socket-settings.ts'
import { connectWebSocket, serverOptions, ServerWebSocket } from './ws-web-socket-internals.ts'

/** Who is told what happens on a {@link WsWebSocket}, before its listeners are. */
export interface WsWebSocketObserver {
  onPong(payload: Buffer): void
  onError(error: Error): void
  /** We are about to send a Close frame, of the application's or in answer to the peer's, or to cut the connection. */
  onClosing(): void
  onClosed(closeStatus: number, reason: Buffer): void
  /** More waits for the peer than may. */
  onTooSlow(): void
}

/**
 * A socket of `ws` that keeps what nobody listens for yet: messages, up to a limit, then the peer has to wait; and that it has closed.
 * `ws` itself drops them. Its errors are no `'error'` events that nobody listens to, which would end the process.
 */
export class WsWebSocket extends ServerWebSocket {
  readonly #observer: WsWebSocketObserver
  readonly #maxBufferedAmount: number
  /** The arguments of `'message'` events, oldest first. */
  #messages: unknown[][] = []
  /** Bytes in `#messages`. */
  #waitingBytes = 0
  #isFull = false
  /** The arguments of the `'close'` event. */
  #close: unknown[] | undefined

  constructor(settings: WebSocketSettings, observer: WsWebSocketObserver) {
    super(null, undefined, serverOptions(settings))
    this.#observer = observer
    this.#maxBufferedAmount = settings.maxBufferedAmount
    this.on('newListener', (event) => {
      // It is added only after this.
      if (event === 'message' || event === 'close') process.nextTick(() => this.#deliver())
    })
  }

  /** Called once. */
  connect(stream: Duplex, head: readonly Uint8Array[], settings: WebSocketSettings): void {
    connectWebSocket(this, stream, head, settings)
  }

  override emit(event: string | symbol, ...values: unknown[]): boolean {
    switch (event) {
      case 'message':
        if (this.#mustWait()) return this.#keep(values)
        break
      case 'pong':
        this.#observer.onPong(values[0] as Buffer)
        break
      case 'error':
        this.#observer.onError(values[0] as Error)
        if (this.listenerCount('error') === 0) return false
        break
      case 'close':
        this.#observer.onClosed(values[0] as number, values[1] as Buffer)
        if (this.listenerCount('close') === 0) this.#close = values
    }
    return super.emit(event, ...values)
  }

  override send(...values: unknown[]): void {
    super.send(...(values as Parameters<WebSocket['send']>))
    if (this.bufferedAmount > this.#maxBufferedAmount) this.#observer.onTooSlow()
  }

  override close(closeStatus?: number, reason?: string | Buffer): void {
    this.#observer.onClosing()
    super.close(closeStatus, reason)
    // The peer's Close frame lies behind what is not read.
    this.#readOn()
  }

  override terminate(): void {
    this.#observer.onClosing()
    super.terminate()
  }

  #mustWait(): boolean {
    // What comes after our own Close frame, and nobody listens for, is not waited for.
    return this.listenerCount('message') > 0 ? this.#messages.length > 0 : this.readyState === this.OPEN
  }

  #keep(values: unknown[]): boolean {
    this.#messages.push(values)
    this.#waitingBytes += sizeOf(values[0])
    if (this.#waitingBytes >= READ_AHEAD && !this.#isFull && this.readyState === this.OPEN) {
      this.#isFull = true
      this.pause()
    }
    return false
  }

  #deliver(): void {
    while (this.#messages.length > 0 && this.listenerCount('message') > 0) {
      const values = this.#messages.shift() ?? []
      this.#waitingBytes -= sizeOf(values[0])
      super.emit('message', ...values)
    }
    if (this.#messages.length === 0) this.#readOn()
    if (this.#close === undefined || this.listenerCount('close') === 0) return
    const values = this.#close
    this.#close = undefined
    super.emit('close', ...values)
  }

  #readOn(): void {
    if (!this.#isFull) return
    this.#isFull = false
    this.resume()
  }
}

/** Of a message, in each of the binary types. */
function sizeOf(data: unknown): number {
  return Array.isArray(data) ? data.reduce<number>((sum, part) => sum + sizeOf(part), 0) : (data as Buffer | ArrayBuffer).byteLength
}

/** Bytes, as of a `ManagedWebSocket` that nobody receives from. */
const READ_AHEAD = 65_536
