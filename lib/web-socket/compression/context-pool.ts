import { constants, createDeflateRaw, createInflateRaw } from 'node:zlib'
import { CompressionContext } from './compression-context.ts'
import type { RawZlibStream } from './zlib-internals.ts'

/** Creates the contexts of one kind. A context takes up to 300 KiB, so contexts that are not in use are kept and reused. */
export class ContextPool {
  readonly #createStream: () => RawZlibStream
  readonly #idle: CompressionContext[] = []

  private constructor(createStream: () => RawZlibStream) {
    this.#createStream = createStream
  }

  /** The pool for compression with this window and level. */
  static ofDeflaters(windowBits: number, level: number): ContextPool {
    return ContextPool.#of(`deflate ${windowBits} ${level}`, () => createDeflateRaw({ flush, windowBits, level }))
  }

  /** The pool for inflating data that was compressed with this window. */
  static ofInflaters(windowBits: number): ContextPool {
    return ContextPool.#of(`inflate ${windowBits}`, () => createInflateRaw({ flush, windowBits }))
  }

  static #of(kind: string, createStream: () => RawZlibStream): ContextPool {
    const pool = pools.get(kind) ?? new ContextPool(createStream)
    pools.set(kind, pool)
    return pool
  }

  /** Returns a context without history. */
  take(): CompressionContext {
    return this.#idle.pop() ?? new CompressionContext(this.#createStream())
  }

  /** Takes an idle context back. */
  returnContext(context: CompressionContext): void {
    if (this.#idle.length === MAX_IDLE) return context.close()
    context.reset()
    this.#idle.push(context)
  }
}

/** Each write also flushes, so that it is one job of the thread pool, not two. */
const flush = constants.Z_SYNC_FLUSH

/** The maximum number of idle contexts. More are in use at a time only for long messages in the thread pool and for fragmented messages. */
const MAX_IDLE = 4

/** The pools by kind. There are few kinds: windows of 9 to 15 bits, and the levels that the application uses. */
const pools = new Map<string, ContextPool>()
