import type { Outflow } from '../transport/outflow.ts'

/**
 * What waits for the peer, as keep-alive sees it from one look to the next. When the last of it has left the process, the peer has still to read
 * what the kernels and the proxies between us hold, megabytes perhaps, and answers no ping before; nothing shows that. But it was seen how much
 * they took at once, and how fast the peer then took what waited behind it.
 */
export class Backlog {
  isWaiting = false
  #left = 0
  /** What had left at once when something was first seen to wait: what is held on the way, at most. */
  #held = 0
  /** When that was, and what had left in all. */
  #since = 0
  #leftBefore = 0

  /**
   * @returns `undefined` if nothing of what waited at the last look has left; else the milliseconds that the peer may need for what is on the way: 0 while
   * there is more to come, which would show.
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

/** Bytes: who lives has soon read them. And over HTTP/2, even these wait for a turn. */
const LITTLE = 65_536
