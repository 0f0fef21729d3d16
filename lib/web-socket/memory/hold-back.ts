import type { Duplex } from 'node:stream'
import { GatheredBytes } from './gathered-bytes.ts'

/**
 * Holds back what arrives on a stream, in one piece of memory. A stream has a list with an entry for each chunk, so that a byte as a chunk of its
 * own takes some 450 bytes (Node 20), or as much as was read together with it (HTTP/2); and one that is paused goes on until it holds 16 KiB
 * (64 KiB from Node 22 on).
 */
export class HeldBack {
  readonly #stream: Pushed
  /** As it was before. */
  readonly #push: Push
  readonly #rule: HoldingRule
  readonly #bytes = new GatheredBytes()
  #isEndHeld = false
  #isOver = false

  constructor(stream: Duplex, rule: HoldingRule = EVERYTHING) {
    this.#stream = stream
    this.#push = this.#stream.push
    this.#rule = rule
    this.#stream.push = this.#take
  }

  /** Hands what is held to the stream. What comes next is for the rule again. */
  letGo(): void {
    if (this.#bytes.length > 0) this.#push.call(this.#stream, this.#bytes.take())
    if (!this.#isEndHeld) return
    this.#isEndHeld = false
    this.#push.call(this.#stream, null)
  }

  /** Stops holding data back. The stream continues to read as before. */
  stop(): void {
    this.#isOver = true
    // Other code may have wrapped the method since.
    if (this.#stream.push === this.#take) this.#stream.push = this.#push
    this.letGo()
  }

  /** Node calls it for each chunk, and `null` at the end; it stops reading when this returns `false`. */
  readonly #take = (chunk: Buffer | null): boolean => {
    if (this.#isOver || !this.#rule.holds(chunk)) {
      this.letGo()
      return this.#push.call(this.#stream, chunk)
    }
    if (chunk === null) this.#isEndHeld = true
    else this.#bytes.push(chunk)
    return this.#bytes.length < this.#rule.limit
  }
}

/** The rule for the data to hold back. */
export interface HoldingRule {
  /** Whether a chunk that arrives now is held, or, if it is `null`, the end. */
  holds(chunk: Buffer | null): boolean
  /** When so many bytes are held, nothing more is read: beyond them comes what was under way, the rest of a read or of a window. */
  readonly limit: number
}

type Push = (chunk: Buffer | null) => boolean

interface Pushed {
  push: Push
}

const EVERYTHING: HoldingRule = { holds: () => true, limit: 0 }
