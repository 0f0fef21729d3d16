import { startTimer } from '../options/start-timer.ts'
import { RateLimiter } from '../web-socket/rate-limit/rate-limiter.ts'
import type { RateLimitSettings } from '../web-socket/values/web-socket-settings.ts'

/**
 * The rate limit of a socket of `ws`. If too many messages close the socket, it counts messages when they arrive. If they must wait, it counts
 * messages when they are emitted.
 */
export class MessageLimit {
  readonly #limiter: RateLimiter
  readonly #isClosing: boolean
  readonly #onLetIn: () => void
  /** Active while no message may be emitted. */
  #timer: NodeJS.Timeout | undefined
  #isOver = false
  #overTimer: NodeJS.Timeout | undefined

  /** @param onLetIn - called when messages may be emitted again. */
  constructor(settings: RateLimitSettings, onLetIn: () => void) {
    this.#limiter = new RateLimiter(settings)
    this.#isClosing = settings.whenExceeded === 'close'
    this.#onLetIn = onLetIn
  }

  /** Whether messages wait because of the limit. */
  get isHolding(): boolean {
    return this.#timer !== undefined
  }

  /** Whether messages that have to wait are dropped instead. */
  get isOver(): boolean {
    return this.#isOver
  }

  /**
   * Called when a message has arrived.
   * @returns whether it exceeds the limit, so that the socket must close.
   */
  isTooMuch(bytes: number, doOthersWait: boolean): boolean {
    if (!this.#isClosing) return false
    this.#limiter.fill(!doOthersWait)
    const isTooMuch = this.#limiter.isOutOfMessages || this.#limiter.isOutOfBytes
    this.#limiter.take(1, bytes)
    return isTooMuch
  }

  /** Whether a message may be emitted now. */
  isLetIn(): boolean {
    if (this.#isClosing) return true
    this.#limiter.fill(true)
    if (!this.#limiter.isOutOfMessages && !this.#limiter.isOutOfBytes) return true
    // The timer is unreferenced: an open connection keeps the process alive, but the messages of an ended connection must not.
    this.#timer ??= startTimer(Math.ceil(this.#limiter.delay), onTimeout, this)?.unref()
    return false
  }

  /** Called when a message is emitted. */
  onEmitted(bytes: number): void {
    if (!this.#isClosing) this.#limiter.take(1, bytes)
  }

  /**
   * Called when the application resumes the socket. The messages of the pause are emitted at once, but the peer sent them over the time of the pause,
   * so this time counts.
   */
  onResumed(): void {
    this.#limiter.fill(!this.#isClosing)
  }

  /** From now on, messages that have to wait are dropped. */
  end(): void {
    this.#isOver = true
  }

  /** Ends in so many milliseconds: at a low rate, the last message would come hours later. */
  endIn(milliseconds: number): void {
    this.#overTimer ??= startTimer(milliseconds, onOver, this)?.unref()
  }

  onTimeout(): void {
    this.#timer = undefined
    this.#onLetIn()
  }

  onOver(): void {
    this.end()
    this.#onLetIn()
  }

  stop(): void {
    clearTimeout(this.#timer)
    clearTimeout(this.#overTimer)
    this.#timer = undefined
  }
}

function onTimeout(limit: MessageLimit): void {
  limit.onTimeout()
}

function onOver(limit: MessageLimit): void {
  limit.onOver()
}
