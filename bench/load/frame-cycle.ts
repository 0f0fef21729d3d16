/** Frames that are sent one after another, over and over, by one connection; made once for all of them. */
export class FrameCycle {
  readonly #bytes: Buffer
  /** Where each frame begins, and where the last one ends. */
  readonly #offsets: number[] = [0]
  readonly #count: number

  /** `inFlight`: how many are sent at a time at most. */
  constructor(frames: readonly Buffer[], inFlight: number) {
    this.#count = frames.length
    // Begun again at the end, so that what is sent at a time is one piece.
    const repeated = Array.from({ length: frames.length + inFlight }, (_, index) => frames[index % frames.length] ?? Buffer.alloc(0))
    this.#bytes = Buffer.concat(repeated)
    let end = 0
    for (const frame of repeated) this.#offsets.push((end += frame.length))
  }

  /** The `count` frames that follow the first `sent`. */
  take(sent: number, count: number): Buffer {
    const first = sent % this.#count
    return this.#bytes.subarray(this.#offsets[first], this.#offsets[first + count])
  }
}
