import type { RateLimitSettings } from '../values/web-socket-settings.ts'

/**
 * Two token buckets, one for messages and one for bytes. They are filled on each query, not by a timer. A message may take more tokens than there
 * are; the debt must then be refilled first.
 */
export class RateLimiter {
  readonly #messages: TokenBucket
  readonly #bytes: TokenBucket
  #filledAt = performance.now()

  constructor({ messagesPerSecond, messageBurst, bytesPerSecond, byteBurst }: RateLimitSettings) {
    this.#messages = new TokenBucket(messagesPerSecond, messageBurst)
    this.#bytes = new TokenBucket(bytesPerSecond, byteBurst)
  }

  /** Whether no message may begin. */
  get isOutOfMessages(): boolean {
    return this.#messages.level < 1
  }

  /** Whether no byte may be read. */
  get isOutOfBytes(): boolean {
    return this.#bytes.level < 1
  }

  /** Milliseconds until there is a message and a byte. */
  get delay(): number {
    return Math.max(this.#messages.delay, this.#bytes.delay)
  }

  take(messages: number, bytes: number): void {
    this.#messages.level -= messages
    this.#bytes.level -= bytes
  }

  /** Adds the tokens for the time since the last call. With `isOverflowing`, tokens that do not fit are lost. */
  fill(isOverflowing: boolean): void {
    const now = performance.now()
    const seconds = (now - this.#filledAt) / 1000
    this.#filledAt = now
    this.#messages.fill(seconds, isOverflowing)
    this.#bytes.fill(seconds, isOverflowing)
  }
}

class TokenBucket {
  level: number
  readonly #perSecond: number
  readonly #size: number

  constructor(perSecond: number, size: number) {
    // Infinity times zero is NaN.
    this.#perSecond = perSecond === Infinity ? 0 : perSecond
    this.#size = perSecond === Infinity ? Infinity : size
    this.level = this.#size
  }

  get delay(): number {
    return this.level >= 1 ? 0 : ((1 - this.level) / this.#perSecond) * 1000
  }

  fill(seconds: number, isOverflowing: boolean): void {
    this.level += seconds * this.#perSecond
    if (isOverflowing && this.level > this.#size) this.level = this.#size
  }
}
