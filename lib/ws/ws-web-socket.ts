import { AsyncResource } from 'node:async_hooks'
import { EventEmitter } from 'node:events'
import type { Duplex } from 'node:stream'
import type { WebSocket } from 'ws'
import { Queue } from '../web-socket/memory/queue.ts'
import type { WebSocketSettings } from '../web-socket/values/web-socket-settings.ts'
import { byteLengthOf } from './byte-length.ts'
import { KeptMessage } from './kept-message.ts'
import { MessageLimit } from './message-limit.ts'
import { ReceiverGate } from './receiver-gate.ts'
import { WaitingFrames } from './waiting-frames.ts'
import { connectWebSocket, isCloseReceived, serverOptions, ServerWebSocket } from './ws-web-socket-internals.ts'

/** Is notified of the events of a {@link WsWebSocket} before its listeners. */
export interface WsWebSocketObserver {
  /** A message of this size has arrived. */
  onReceived(bytes: number): void
  /** A message, or a part of one, was sent. */
  onSent(bytes: number, isFinal: boolean): void
  onPong(payload: Buffer): void
  onError(error: Error): void
  /** The socket is about to send a Close frame, by itself or in answer to the peer, or to cut the connection. */
  onClosing(): void
  onClosed(closeStatus: number, reason: Buffer): void
  /** The data that waits for the peer exceeds its limit. */
  onTooSlow(): void
  /** The peer has exceeded its rate limit. */
  onLimitExceeded(): void
}

/**
 * A `ws` socket that keeps messages and the `'close'` event until there is a listener; `ws` itself drops them. When the kept messages reach a limit,
 * the peer must wait. It emits no `'error'` without a listener, which would end the process. The data that waits for the peer is limited, including
 * answers to pings.
 */
export class WsWebSocket extends ServerWebSocket {
  readonly #observer: WsWebSocketObserver
  /**
   * The async context of the accept, for `AsyncLocalStorage`. Otherwise events would have the context of the connection, which is older than the
   * request.
   */
  readonly #origin = new AsyncResource('WsWebSocket')
  readonly #maxBufferedAmount: number
  readonly #closeTimeout: number
  readonly #messages = new Queue<KeptMessage>()
  /** The memory of `#messages`, in bytes. */
  #keptBytes = 0
  #gate: ReceiverGate | undefined
  /** `undefined` without a rate limit and after our side has closed. */
  #limit: MessageLimit | undefined
  #hasExceededLimit = false
  #isDiscarding = false
  /** The number of messages that were discarded because the application asked for it. */
  discarded = 0
  /** The arguments of the `'close'` event until it is emitted. */
  #close: unknown[] | undefined
  readonly #waiting = new WaitingFrames()
  #waitingPongs = 0
  /** The latest ping without an answer. */
  #latestPing: Buffer | undefined

  constructor(settings: WebSocketSettings, observer: WsWebSocketObserver) {
    super(null, undefined, serverOptions(settings))
    this.#observer = observer
    this.#maxBufferedAmount = settings.maxBufferedAmount
    this.#closeTimeout = settings.closeTimeout
    this.#limit = settings.rateLimit === undefined ? undefined : new MessageLimit(settings.rateLimit, () => this.#deliver())
    this.on('newListener', (event) => {
      // The listener is added only after this event.
      if (event === 'message' || event === 'close') this.#deliverSoon()
    })
  }

  /**
   * Called once.
   * @param stream - the stream that `ws` uses as its socket.
   * @param source - the stream whose incoming data is held back: `stream` itself, or the one below it.
   */
  connect(stream: Duplex, source: Duplex, head: readonly Uint8Array[], settings: WebSocketSettings): void {
    connectWebSocket(this, stream, head, settings)
    this.#gate = new ReceiverGate(this, stream, source)
  }

  override emit(event: string | symbol, ...values: unknown[]): boolean {
    switch (event) {
      case 'message':
        if (this.#isDropped(values[0])) return false
        if (this.#mustWait()) return this.#enqueue(values[0], values[1] === true)
        this.#limit?.onEmitted(byteLengthOf(values[0]))
        break
      case 'ping':
        this.#answer(values[0] as Buffer)
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
        this.#close = values
        this.#boundLimit()
        this.#deliver()
        return true
    }
    return this.#emit(event, values)
  }

  override send(...values: unknown[]): void {
    const isSent = this.readyState === this.OPEN
    if (this.bufferedAmount === 0) super.send(...(values as Parameters<WebSocket['send']>))
    else this.#waiting.give(values, (...all) => super.send(...(all as Parameters<WebSocket['send']>)))
    if (isSent) this.#observer.onSent(byteLengthOf(values[0]), isFinal(values[1]))
    this.#checkAmount()
  }

  override ping(...values: unknown[]): void {
    if (this.bufferedAmount === 0) super.ping(...(values as Parameters<WebSocket['ping']>))
    else this.#waiting.give(values, (...all) => super.ping(...(all as Parameters<WebSocket['ping']>)))
    this.#checkAmount()
  }

  override pong(...values: unknown[]): void {
    if (this.bufferedAmount === 0) super.pong(...(values as Parameters<WebSocket['pong']>))
    else this.#waiting.give(values, (...all) => super.pong(...(all as Parameters<WebSocket['pong']>)))
    this.#checkAmount()
  }

  override pause(): void {
    super.pause()
    if (this.readyState === this.OPEN) this.#gate?.pause()
  }

  override resume(): void {
    super.resume()
    this.#limit?.onResumed()
    this.#gate?.unpause()
    this.#deliverSoon()
  }

  override close(closeStatus?: number, reason?: string | Buffer): void {
    this.#observer.onClosing()
    // `ws` also calls this to answer the Close frame of the peer.
    if (!isCloseReceived(this)) this.#liftLimit()
    super.close(closeStatus, reason)
    // The peer's Close frame may come after data that is held back.
    this.#gate?.unpause()
    this.#deliverSoon()
  }

  override terminate(): void {
    this.#observer.onClosing()
    this.#limit?.end()
    super.terminate()
    // The connection may have ended before.
    this.#deliverSoon()
  }

  // Receiving.

  /** From now on, no message is emitted. */
  discardIncoming(): void {
    this.#isDiscarding = true
    this.#dropMessages()
    this.#gate?.proceed()
  }

  /**
   * Counts a message that has arrived.
   * @returns whether it is dropped: the peer has exceeded its rate limit, or the application discards messages.
   */
  #isDropped(data: unknown): boolean {
    if (this.#hasExceededLimit) return true
    const bytes = byteLengthOf(data)
    this.#observer.onReceived(bytes)
    if (this.#isDiscarding) {
      this.discarded++
      return true
    }
    this.#hasExceededLimit = this.#limit?.isExceededBy(bytes, !this.#messages.isEmpty) === true
    if (this.#hasExceededLimit) this.#observer.onLimitExceeded()
    return this.#hasExceededLimit
  }

  #mustWait(): boolean {
    // After our Close frame, messages without a listener are not kept.
    if (this.listenerCount('message') === 0) return this.readyState === this.OPEN
    return !this.#messages.isEmpty || this.#limit?.tryAdmit() === false
  }

  /** When the application closes, it waits for the messages before the peer's Close frame. */
  #liftLimit(): void {
    this.#limit?.stop()
    this.#limit = undefined
  }

  /** Called when the connection has ended. Messages in front of a Close frame may still wait, but not longer than `closeTimeout`. */
  #boundLimit(): void {
    if (isCloseReceived(this)) this.#limit?.dropAfter(this.#closeTimeout)
    else this.#limit?.end()
  }

  #enqueue(data: unknown, isBinary: boolean): boolean {
    const message = new KeptMessage(data, isBinary)
    this.#messages.push(message)
    this.#keptBytes += message.cost
    if (this.#keptBytes >= READ_AHEAD) this.#gate?.stop()
    return false
  }

  #deliverSoon(): void {
    if (!this.#messages.isEmpty || this.#close !== undefined) process.nextTick(() => this.#deliver())
  }

  #deliver(): void {
    try {
      for (let message = this.#take(); message !== undefined; message = this.#take()) {
        this.#emit('message', [message.dataAs(this.binaryType), message.isBinary])
      }
    } catch (error) {
      this.#deliverSoon()
      throw error
    }
    // The `'close'` event comes after the messages.
    if (this.#limit?.isHolding === true) {
      if (!this.#limit.isDropping) return
      this.#dropMessages()
    }
    if (this.#messages.isEmpty || (this.readyState !== this.OPEN && this.listenerCount('message') === 0)) this.#gate?.proceed()
    // A `once()` listener may be added again in the same turn, for the next message.
    if (this.#close !== undefined && !this.#messages.isEmpty) setImmediate(() => this.#emitClose())
    else this.#emitClose()
  }

  /** Takes the next message, if it can be emitted now. */
  #take(): KeptMessage | undefined {
    if (this.listenerCount('message') === 0 || (this.isPaused && this.readyState !== this.CLOSED)) return undefined
    if (this.#messages.isEmpty || this.#limit?.tryAdmit() === false) return undefined
    const message = this.#messages.shift()
    if (message !== undefined) {
      this.#keptBytes -= message.cost
      this.#limit?.onEmitted(message.bytes)
    }
    return message
  }

  #dropMessages(): void {
    for (; !this.#messages.isEmpty; this.#messages.shift()) this.discarded++
    this.#keptBytes = 0
  }

  #emitClose(): void {
    if (this.#close === undefined || this.listenerCount('close') === 0) return
    if (this.#messages.isEmpty) this.#limit?.stop()
    const values = this.#close
    this.#close = undefined
    this.#emit('close', values)
  }

  #emit(event: string | symbol, values: readonly unknown[]): boolean {
    return this.#origin.runInAsyncScope(emit, this, event, ...values)
  }

  // Sending.

  /** If several pings wait, only the latest needs an answer (RFC 6455, section 5.5.3). */
  #answer(ping: Buffer): void {
    if (this.readyState !== this.OPEN) return
    if (this.bufferedAmount === 0) {
      this.pong(ping)
      return
    }
    // A copy, because a waiting payload must not keep the whole chunk in memory.
    const payload = Buffer.from(new Uint8Array(ping).buffer)
    if (this.#waitingPongs === MAX_PONGS) {
      this.#latestPing = payload
      return
    }
    this.#waitingPongs++
    this.pong(payload, false, () => this.#onPongSent())
  }

  #onPongSent(): void {
    this.#waitingPongs--
    const ping = this.#latestPing
    this.#latestPing = undefined
    if (ping !== undefined) this.#answer(ping)
  }

  #checkAmount(): void {
    const { bufferedAmount } = this
    if (bufferedAmount === 0 || this.readyState !== this.OPEN) return
    if (bufferedAmount + this.#waiting.cost > this.#maxBufferedAmount) this.#observer.onTooSlow()
  }
}

/** Whether a frame that was sent with these options ends its message. */
function isFinal(options: unknown): boolean {
  return typeof options !== 'object' || options === null || !('fin' in options) || options.fin !== false
}

const { emit } = EventEmitter.prototype as { emit: (this: EventEmitter, event: string | symbol, ...values: readonly unknown[]) => boolean }

/** Bytes, the same limit as for a `ManagedWebSocket` without a receive. */
const READ_AHEAD = 65_536
const MAX_PONGS = 16
