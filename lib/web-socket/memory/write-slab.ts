/**
 * Memory that frames are laid out in before they are written, one behind the other, shared by all sockets. It is used from its front again
 * when nobody needs what lies in it any more, so that it stays in the processor's cache.
 */
export class WriteSlab {
  readonly bytes: Buffer
  /** Where the next frame goes. */
  end = 0
  /** Bytes before this are in the hands of a stream that has not let go of them. */
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

  /** Ends a run. `keptUntil`: the end of what somebody may still read; 0 if nobody does. */
  closeRun(keptUntil: number): void {
    this.#openRuns--
    if (keptUntil > this.#floor) this.#floor = keptUntil
    if (this.#openRuns === 0) this.end = this.#floor
  }
}
