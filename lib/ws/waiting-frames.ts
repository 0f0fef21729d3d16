/** Counts the frames that `ws` was given while others waited for the peer: an entry takes more than the few bytes that `bufferedAmount` tells. */
export class WaitingFrames {
  #count = 0

  /** The memory that they take besides their bytes. */
  get cost(): number {
    return this.#count * FRAME_COST
  }

  /** Hands a frame to `ws`, by `send()`, `ping()` or `pong()`, whose third argument is called when it has left. Any may be left out before it. */
  give(values: readonly unknown[], method: (...values: unknown[]) => void): void {
    const index = values.findIndex((value) => typeof value === 'function')
    const [first, second] = index < 0 ? values : values.slice(0, index)
    method(first, second, index < 0 ? this.#onSent : this.#onSentAnd(values[index] as SentCallback))
    // Nobody is called back before this, and not at all if it throws.
    this.#count++
  }

  readonly #onSent = (): void => {
    this.#count--
  }

  #onSentAnd(callback: SentCallback): SentCallback {
    return (error) => {
      this.#count--
      callback(error)
    }
  }
}

type SentCallback = (error?: Error) => void

/** Measured on Node 20 to 26, in bytes: 160 to 230 for an empty frame; 446 for one of 20 bytes in a `Buffer` of its own. */
const FRAME_COST = 448
