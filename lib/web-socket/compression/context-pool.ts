import { constants, createDeflateRaw, createInflateRaw } from 'node:zlib'
import { CompressionContext } from './compression-context.ts'
import type { RawZlibStream } from './zlib-internals.ts'

/** Creates the contexts of one kind. It keeps some for reuse if each message has its own context: a context takes up to 300 KiB. */
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
  giveBack(context: CompressionContext): void {
    if (this.#idle.length === MAX_IDLE) return context.close()
    context.reset()
    this.#idle.push(context)
  }
}

/** With each write, so that it is one job of the thread pool, not two. */
const flush = constants.Z_SYNC_FLUSH

/** More are in use at a time only while long messages are in the thread pool, and for messages that come in fragments. */
const MAX_IDLE = 4

/** There are few kinds: windows of 9 to 15 bits, and the levels of the application. */
const pools = new Map<string, ContextPool>()
