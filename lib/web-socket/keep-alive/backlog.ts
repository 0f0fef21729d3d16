import type { Outflow } from '../transport/outflow.ts'

/**
 * The bytes that wait in the process because the peer reads slowly, observed at each check of keep-alive. When the last of them has left, kernels and
 * proxies on the way may still hold megabytes, which the peer must read before it answers a ping. Node does not know their number. So the time for them
 * is estimated: from the bytes that left at once when the backlog began, and the rate at which the backlog then left.
 */
export class Backlog {
  /** Whether data waited at the last check. */
  isWaiting = false
  /** Bytes that had left at the last check. */
  #left = 0
  /** Bytes that had left at once when the backlog was first seen: the maximum that kernels and proxies can hold. */
  #held = 0
  /** The time of that check, and the number of bytes that had left in all. */
  #since = 0
  #leftBefore = 0

  /**
   * Called at each check.
   * @returns the milliseconds that the peer may need to read the bytes on the way; 0 while bytes still wait here, because their progress shows whether
   * the peer reads; `undefined` if no byte that waited at the last check has left.
   */
  check(now: number, { isWaiting, left }: Outflow): number | undefined {
    const hasMoved = this.isWaiting && left > this.#left
    const isMuchInTransit = hasMoved && !isWaiting && this.#held > MAX_READ_AT_ONCE
    const transitTime = isMuchInTransit ? (this.#held * (now - this.#since)) / (left - this.#leftBefore) : 0
    if (isWaiting && !this.isWaiting) {
      this.#held = Math.max(0, left - this.#left)
      this.#since = now
      this.#leftBefore = left
    }
    this.isWaiting = isWaiting
    this.#left = left
    return hasMoved ? transitTime : undefined
  }
}

/** Up to this number of bytes, no time is estimated, because a live peer reads them at once. Over HTTP/2, even so few bytes wait for a turn. */
const MAX_READ_AT_ONCE = 65_536
