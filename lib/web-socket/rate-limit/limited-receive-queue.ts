import type { Duplex } from 'node:stream'
import { startTimer } from '../../options/start-timer.ts'
import type { MessageInflater } from '../compression/message-inflater.ts'
import type { FrameReader } from '../frames/frame-reader.ts'
import { ReceiveClose } from '../receiving/receive-close.ts'
import { ReceiveIntoBuffer } from '../receiving/receive-into-buffer.ts'
import type { WebSocketReceiveResult } from '../receiving/receive-into-buffer.ts'
import { ReceiveMessage } from '../receiving/receive-message.ts'
import { PASSED } from '../receiving/receive-operation.ts'
import type { ReceiveOperation } from '../receiving/receive-operation.ts'
import { ReceiveQueue } from '../receiving/receive-queue.ts'
import type { ReceiveListener } from '../receiving/receive-queue.ts'
import type { WebSocketMessage } from '../receiving/web-socket-message.ts'
import { WebSocketCloseStatus } from '../values/web-socket-close-status.ts'
import type { RateLimitSettings, WebSocketSettings } from '../values/web-socket-settings.ts'
import { rateLimitExceeded } from './rate-limit-exceeded.ts'
import { RateLimiter } from './rate-limiter.ts'

/**
 * Receives no faster than a rate limit allows. While a peer must wait, the queue behaves as if the application does not receive: pings are answered,
 * the read-ahead fills up, and then the transport is paused. It is a separate class, so that a socket without a limit has no cost.
 */
export class LimitedReceiveQueue extends ReceiveQueue {
  readonly #reader: FrameReader
  readonly #listener: ReceiveListener
  readonly #closeTimeout: number
  readonly #limiter: RateLimiter
  readonly #isClosing: boolean
  /** The messages and bytes that were taken from the buckets. */
  #messagesTaken = 0
  #bytesTaken = 0
  /** The number of messages that had ended before the last admitted one. */
  #admittedAfter = -1
  #timer: NodeJS.Timeout | undefined
  /** Whether data had arrived before the application asked for it. */
  #isBehind = false
  /** Whether the application closes and discards incoming data. */
  #isLifted = false
  #dropTimer: NodeJS.Timeout | undefined
  /** Whether data that has to wait is dropped instead. */
  #isDropping = false
  /** Whether the transport has ended without a Close frame. */
  #isEnded = false

  constructor(
    reader: FrameReader,
    inflater: MessageInflater | undefined,
    duplex: Duplex,
    listener: ReceiveListener,
    { closeTimeout }: WebSocketSettings,
    rateLimit: RateLimitSettings,
  ) {
    super(reader, inflater, duplex, listener)
    this.#reader = reader
    this.#listener = listener
    this.#limiter = new RateLimiter(rateLimit)
    this.#isClosing = rateLimit.whenExceeded === 'close'
    this.#closeTimeout = closeTimeout
  }

  override get isWaiting(): boolean {
    return super.isWaiting && this.#timer === undefined
  }

  override start<Result>(operation: ReceiveOperation<Result>): Promise<Result> {
    if (operation instanceof ReceiveClose) this.#lift()
    this.#isBehind = this.#reader.bytes.length > 0
    return super.start(operation)
  }

  override startMessage(maxMessageSize: number): Promise<IteratorResult<WebSocketMessage, undefined>> {
    return this.start(new ReceiveMessage(maxMessageSize))
  }

  override startIntoBuffer(buffer: Uint8Array): Promise<WebSocketReceiveResult> {
    return this.start(new ReceiveIntoBuffer(buffer))
  }

  override run(): void {
    if (this.#timer !== undefined) return
    if (!this.#isLifted && super.isWaiting) {
      // Data that arrived while the application was busy may use the tokens of all that time, also those beyond the bucket's size.
      this.#fill(!this.#isClosing || !this.#isBehind)
      this.#isBehind = false
      if (this.#isExceeded() && this.#isDataThere()) {
        if (this.#isClosing) {
          this.#reader.fail({ closeStatus: WebSocketCloseStatus.PolicyViolation, error: rateLimitExceeded(), isCloseReceived: false })
        } else if (this.#isEnded) return this.#listener.onPrematureEnd()
        else if (!this.#isDropping) return this.#wait()
        else if (!this.isInflating()) this.#dropData()
      }
    }
    super.run()
  }

  override end(): void {
    this.#reader.readAhead(false)
    this.#isEnded = !this.#reader.isCloseAhead
    if (this.#isEnded) this.#stopWaiting()
    super.end()
  }

  override discardIncoming(): void {
    this.#lift()
    super.discardIncoming()
  }

  override settle(): void {
    super.settle()
    if (this.#timer !== undefined) this.#boundWait()
  }

  override stop(): void {
    super.stop()
    // The data in front of a Close frame that was answered ahead can still be received.
    if (!super.isWaiting) this.#stopWaiting()
    if (this.#reader.bytes.length === 0) clearTimeout(this.#dropTimer)
  }

  onTimeout(): void {
    this.#timer = undefined
    if (super.isWaiting) this.run()
  }

  onDropTime(): void {
    this.#isDropping = true
    this.#stopWaiting()
    if (super.isWaiting) this.run()
  }

  #fill(isOverflowing: boolean): void {
    const { bytesRead, messagesRead } = this.#reader
    this.#limiter.fill(isOverflowing)
    this.#limiter.take(messagesRead - this.#messagesTaken, bytesRead - this.#bytesTaken)
    this.#messagesTaken = messagesRead
    this.#bytesTaken = bytesRead
  }

  /** Whether the next message, or the next bytes of an admitted message, must wait. An admitted message never closes the connection. */
  #isExceeded(): boolean {
    const { isOutOfBytes, isOutOfMessages } = this.#limiter
    if (this.#admittedAfter === this.#messagesTaken) return isOutOfBytes && !this.#isClosing
    if (isOutOfMessages || isOutOfBytes) return true
    this.#admittedAfter = this.#messagesTaken
    return false
  }

  /** A Close frame or a failure need not wait. */
  #isDataThere(): boolean {
    return this.#reader.hasMore() && this.#reader.isInFrame
  }

  #wait(): void {
    // An open connection keeps the process alive; messages of a connection that has ended must not.
    this.#timer = startTimer(Math.ceil(this.#limiter.delay), onTimeout, this)?.unref()
    this.#boundWait()
  }

  /** Limits the wait if a Close frame has arrived: at a low rate, the application would otherwise receive it hours later. */
  #boundWait(): void {
    if (this.#reader.isCloseAhead) this.#dropTimer ??= startTimer(this.#closeTimeout, onDropTime, this)?.unref()
  }

  #dropData(): void {
    const passing = new ReceiveClose(() => this.unreceived++)
    while (passing.advance(this.#reader) === PASSED);
  }

  #lift(): void {
    clearTimeout(this.#dropTimer)
    this.#isLifted = true
    this.#stopWaiting()
  }

  #stopWaiting(): void {
    clearTimeout(this.#timer)
    this.#timer = undefined
  }
}

function onTimeout(queue: LimitedReceiveQueue): void {
  queue.onTimeout()
}

function onDropTime(queue: LimitedReceiveQueue): void {
  queue.onDropTime()
}
