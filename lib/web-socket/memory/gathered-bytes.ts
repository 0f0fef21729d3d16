/**
 * Bytes that wait, copied one behind the other into memory of their own: however small the chunks were that they came in, and however large
 * the memory behind those, they take at most twice their length, and {@link MIN_LENGTH}.
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

  /** Hands over what was gathered, and begins anew. */
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
