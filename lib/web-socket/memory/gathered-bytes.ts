/**
 * Waiting bytes, copied into one piece of memory. It takes at most twice their length plus {@link MIN_LENGTH}. The size of the chunks, and of the
 * memory behind them, does not matter.
 */
export class GatheredBytes {
  length = 0
  #memory: Buffer = NOTHING

  push(chunk: Uint8Array): void {
    const length = this.length + chunk.length
    if (length > this.#memory.length) this.#grow(length)
    this.#memory.set(chunk, this.length)
    this.length = length
  }

  /** Returns the gathered bytes and removes them. */
  take(): Buffer {
    const taken = this.#memory.subarray(0, this.length)
    this.clear()
    return taken
  }

  clear(): void {
    this.#memory = NOTHING
    this.length = 0
  }

  #grow(length: number): void {
    const grown = Buffer.allocUnsafeSlow(Math.max(length, 2 * this.#memory.length, MIN_LENGTH))
    grown.set(this.#memory.subarray(0, this.length))
    this.#memory = grown
  }
}

const NOTHING = Buffer.alloc(0)
/** Bytes. */
const MIN_LENGTH = 256
