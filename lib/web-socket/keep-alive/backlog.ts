import type { Outflow } from '../transport/outflow.ts'

/**
 * The bytes that wait in the process because the peer reads slowly, as keep-alive sees them from one look to the next. When the last of them has
 * left, the peer has still to read what the kernels and proxies on the way hold, megabytes perhaps, before it answers a ping, and Node cannot tell
 * how much that is. It is estimated: from how much they took at once when the backlog began, and how fast the backlog then left.
 */
export class Backlog {
  /** Whether data waited at the last check. */
  isWaiting = false
  /** Bytes that had left at the last check. */
  #left = 0
  /** Bytes that had left at once when the backlog was first seen: the maximum that kernels and proxies can hold. */
  #held = 0
  /** When that was, and how many bytes had left in all. */
  #since = 0
  #leftBefore = 0

  /**
   * @returns `undefined` if nothing that waited at the last look has left; else the milliseconds that the peer may need to read what is on the way: 0
   * while more waits, since that then shows whether the peer reads.
   */
  look(now: number, { isWaiting, left }: Outflow): number | undefined {
    const hasMoved = this.isWaiting && left > this.#left
    const isMuchOnTheWay = hasMoved && !isWaiting && this.#held > LITTLE
    const timeOnTheWay = isMuchOnTheWay ? (this.#held * (now - this.#since)) / (left - this.#leftBefore) : 0
    if (isWaiting && !this.isWaiting) {
      this.#held = Math.max(0, left - this.#left)
      this.#since = now
      this.#leftBefore = left
    }
    this.isWaiting = isWaiting
    this.#left = left
    return hasMoved ? timeOnTheWay : undefined
  }
}

/** Bytes that a live peer reads at once, so that no time is estimated for them. Over HTTP/2, even so few wait for a turn. */
const LITTLE = 65_536
