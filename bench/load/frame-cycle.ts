/** The frames that a connection sends in a loop. All connections share one instance. */
export class FrameCycle {
  readonly #bytes: Buffer
  /** Where each frame begins, and where the last one ends. */
  readonly #offsets: number[] = [0]
  readonly #count: number

  /** @param inFlight - the maximum number of frames that `take()` returns at once. */
  constructor(frames: readonly Buffer[], inFlight: number) {
    this.#count = frames.length
    // The first frames are repeated at the end, so that every run of `inFlight` frames is contiguous.
    const repeated = Array.from({ length: frames.length + inFlight }, (_, index) => frames[index % frames.length] ?? Buffer.alloc(0))
    this.#bytes = Buffer.concat(repeated)
    let end = 0
    for (const frame of repeated) this.#offsets.push((end += frame.length))
  }

  /** Returns the `count` frames that follow the first `sent`. */
  take(sent: number, count: number): Buffer {
    const first = sent % this.#count
    return this.#bytes.subarray(this.#offsets[first], this.#offsets[first + count])
  }
}
