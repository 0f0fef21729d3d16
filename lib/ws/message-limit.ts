import { startTimer } from '../options/start-timer.ts'
import { RateLimiter } from '../web-socket/rate-limit/rate-limiter.ts'
import type { RateLimitSettings } from '../web-socket/values/web-socket-settings.ts'

/** The rate limit of a socket of `ws`: counts what comes where too much closes, and what is emitted where it has to wait. */
export class MessageLimit {
  readonly #limiter: RateLimiter
  readonly #isClosing: boolean
  readonly #onLetIn: () => void
  /** Runs while nothing may be emitted. */
  #timer: NodeJS.Timeout | undefined

  /** @param onLetIn - called when messages may be emitted again. */
  constructor(settings: RateLimitSettings, onLetIn: () => void) {
    this.#limiter = new RateLimiter(settings)
    this.#isClosing = settings.whenExceeded === 'close'
    this.#onLetIn = onLetIn
  }

  /** Whether messages that have come wait for their time. */
  get isHolding(): boolean {
    return this.#timer !== undefined
  }

  /** A message has come. @returns whether it is too much, and closes. */
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
    // An open connection keeps the process alive; messages of a connection that has ended must not.
    this.#timer ??= startTimer(Math.ceil(this.#limiter.delay), onTimeout, this)?.unref()
    return false
  }

  /** A message is emitted. */
  onEmitted(bytes: number): void {
    if (!this.#isClosing) this.#limiter.take(1, bytes)
  }

  /** The application goes on: what the peer has sent meanwhile took it some time, too, though it is emitted at once. */
  onResumed(): void {
    this.#limiter.fill(!this.#isClosing)
  }

  onTimeout(): void {
    this.#timer = undefined
    this.#onLetIn()
  }

  stop(): void {
    clearTimeout(this.#timer)
    this.#timer = undefined
  }
}

function onTimeout(limit: MessageLimit): void {
  limit.onTimeout()
}
