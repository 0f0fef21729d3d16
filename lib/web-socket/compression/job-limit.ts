import { Queue } from '../memory/queue.ts'
import type { Queueable } from '../memory/queue.ts'

/** A job that occupies a place until it is done. */
export interface Job extends Queueable<Job> {
  start(): void
}

/** Runs at most `limit` jobs at a time; the others wait in their order. */
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
