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
  readonly #onAdmitted: () => void
  /** Active while no message may be emitted. */
  #timer: NodeJS.Timeout | undefined
  #isDropping = false
  #dropTimer: NodeJS.Timeout | undefined

  /** @param onAdmitted - called when messages may be emitted again. */
  constructor(settings: RateLimitSettings, onAdmitted: () => void) {
    this.#limiter = new RateLimiter(settings)
    this.#isClosing = settings.whenExceeded === 'close'
    this.#onAdmitted = onAdmitted
  }

  /** Whether messages wait because of the limit. */
  get isHolding(): boolean {
    return this.#timer !== undefined
  }

  /** Whether messages that have to wait are dropped instead. */
  get isDropping(): boolean {
    return this.#isDropping
  }

  /**
   * Called when a message has arrived.
   * @returns whether it exceeds the limit, so that the socket must close.
   */
  isExceededBy(bytes: number, doOthersWait: boolean): boolean {
    if (!this.#isClosing) return false
    this.#limiter.fill(!doOthersWait)
    const isExceeded = this.#limiter.isOutOfMessages || this.#limiter.isOutOfBytes
    this.#limiter.take(1, bytes)
    return isExceeded
  }

  /** Whether a message may be emitted now. If not, `onAdmitted` is called later. */
  tryAdmit(): boolean {
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
    this.#isDropping = true
  }

  /** Works as `end()` after this number of milliseconds. At a low rate, the last message would otherwise be emitted hours later. */
  dropAfter(milliseconds: number): void {
    this.#dropTimer ??= startTimer(milliseconds, onDropTime, this)?.unref()
  }

  onTimeout(): void {
    this.#timer = undefined
    this.#onAdmitted()
  }

  onDropTime(): void {
    this.end()
    this.#onAdmitted()
  }

  stop(): void {
    clearTimeout(this.#timer)
    clearTimeout(this.#dropTimer)
    this.#timer = undefined
  }
}

function onTimeout(limit: MessageLimit): void {
  limit.onTimeout()
}

function onDropTime(limit: MessageLimit): void {
  limit.onDropTime()
}
