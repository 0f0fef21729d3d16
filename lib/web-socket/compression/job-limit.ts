import { Queue } from '../memory/queue.ts'
import type { Queueable } from '../memory/queue.ts'

/** Something that takes a place until it is done. */
export interface Job extends Queueable<Job> {
  start(): void
}

/** Lets at most `limit` jobs be at work; the others wait, first come, first served. */
export class JobLimit {
  readonly #waiting = new Queue<Job>()
  #free: number

  constructor(limit: number) {
    this.#free = limit
  }

  /** Starts the job, now or later. */
  run(job: Job): void {
    if (this.#free === 0) return this.#waiting.push(job)
    this.#free--
    job.start()
  }

  /** A job is done. */
  release(): void {
    const next = this.#waiting.shift()
    if (next === undefined) this.#free++
    else next.start()
  }
}
