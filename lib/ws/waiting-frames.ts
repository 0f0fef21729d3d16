/** Counts the frames that `ws` has queued behind others. Each takes more memory than the bytes in `bufferedAmount`. */
export class WaitingFrames {
  #count = 0

  /** The memory of these frames in addition to their bytes. */
  get cost(): number {
    return this.#count * FRAME_COST
  }

  /** Queues a frame by `send()`, `ping()` or `pong()`, whose third argument is the callback. The arguments before it may be left out. */
  give(values: readonly unknown[], method: (...values: unknown[]) => void): void {
    const index = values.findIndex((value) => typeof value === 'function')
    const [first, second] = index < 0 ? values : values.slice(0, index)
    method(first, second, index < 0 ? this.#onSent : this.#onSentAnd(values[index] as SentCallback))
    // No callback runs before this line, and none runs if the method throws.
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

/** Bytes. Measured on Node 20 to 26: 160 to 230 for an empty frame; 446 for one of 20 bytes in a `Buffer` of its own. */
const FRAME_COST = 448
