import type { Duplex } from 'node:stream'
import { GatheredBytes } from './gathered-bytes.ts'

/**
 * Holds back the data that arrives on a stream, in one piece of memory. The stream itself would store a list of chunks, in which a chunk of one byte
 * takes some 450 bytes (Node 20) or keeps the memory of its whole read alive (HTTP/2). A paused stream also continues to read until it holds 16 KiB
 * (64 KiB since Node 22).
 */
export class HeldBack {
  readonly #stream: Pushed
  /** The original method of the stream. */
  readonly #push: Push
  readonly #rule: HoldingRule
  readonly #bytes = new GatheredBytes()
  #isEndHeld = false
  #isStopped = false

  constructor(stream: Duplex, rule: HoldingRule = EVERYTHING) {
    this.#stream = stream
    this.#push = this.#stream.push
    this.#rule = rule
    this.#stream.push = this.#take
  }

  /** Passes the held data to the stream. The rule still applies to later data. */
  release(): void {
    if (this.#bytes.length > 0) this.#push.call(this.#stream, this.#bytes.take())
    if (!this.#isEndHeld) return
    this.#isEndHeld = false
    this.#push.call(this.#stream, null)
  }

  /** Stops holding data back. The stream continues to read as before. */
  stop(): void {
    this.#isStopped = true
    // Other code may have wrapped the method since.
    if (this.#stream.push === this.#take) this.#stream.push = this.#push
    this.release()
  }

  /** Node calls it with each chunk, and with `null` at the end. Node stops reading if it returns `false`. */
  readonly #take = (chunk: Buffer | null): boolean => {
    if (this.#isStopped || !this.#rule.holds(chunk)) {
      this.release()
      return this.#push.call(this.#stream, chunk)
    }
    if (chunk === null) this.#isEndHeld = true
    else this.#bytes.push(chunk)
    return this.#bytes.length < this.#rule.limit
  }
}

/** Decides which data is held back. */
export interface HoldingRule {
  /** Whether to hold back a chunk that arrives now. `null` is the end of the data. */
  holds(chunk: Buffer | null): boolean
  /** The number of held bytes at which reading stops. The rest of a read, or of an HTTP/2 window, can still arrive after that. */
  readonly limit: number
}

type Push = (chunk: Buffer | null) => boolean

interface Pushed {
  push: Push
}

const EVERYTHING: HoldingRule = { holds: () => true, limit: 0 }
