/**
 * Memory in which frames are placed one after the other before they are written. All sockets share it. It is reused from its front when its content is
 * no longer needed, so that it stays in the processor's cache.
 */
export class WriteSlab {
  readonly bytes: Buffer
  /** The position of the next frame. */
  end = 0
  /** A stream may still use the bytes before this position. */
  #floor = 0
  #openRuns = 0

  constructor(size: number) {
    this.bytes = Buffer.allocUnsafeSlow(size)
  }

  hasRoom(size: number): boolean {
    return this.bytes.length - this.end >= size
  }

  /** Begins a run of frames of one socket, at `end`. */
  openRun(): void {
    this.#openRuns++
  }

  /** Ends a run. `keptUntil` is the end of the bytes that may still be read; 0 if there are none. */
  closeRun(keptUntil: number): void {
    this.#openRuns--
    if (keptUntil > this.#floor) this.#floor = keptUntil
    if (this.#openRuns === 0) this.end = this.#floor
  }
}
