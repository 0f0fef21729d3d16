import { encodeUtf8 } from '../memory/buffer-internals.ts'
import type { CompressionContext } from './compression-context.ts'
import { MAX_PROCESSED_NOW, processedNow } from './compression-context.ts'
import { ContextPool } from './context-pool.ts'
import type { WebSocketCompression } from '../values/web-socket-settings.ts'

/** Compresses the messages of one connection (permessage-deflate, RFC 7692): frame payloads in, frame payloads out. */
export class MessageDeflater {
  /** Messages shorter than this are not worth it. Bytes. */
  readonly threshold: number
  readonly #contexts: ContextPool
  /** Whether what was sent may be referred to by later messages. */
  readonly #keepsContext: boolean
  readonly #maxLengthNow: number
  #context: CompressionContext | undefined
  /** Whether a message was begun and has not ended. */
  #isInMessage = false
  /** Whether anything was compressed since the last look of {@link rest}. */
  #wasUsed = false
  /** When that was, in milliseconds. */
  #lookedAt = 0

  constructor(compression: WebSocketCompression, isServer: boolean) {
    const { level, threshold } = compression
    this.threshold = threshold
    this.#keepsContext = isServer ? compression.serverContextTakeover : compression.clientContextTakeover
    this.#contexts = ContextPool.ofDeflaters(isServer ? compression.serverMaxWindowBits : compression.clientMaxWindowBits, level)
    this.#maxLengthNow = level > LAST_QUICK_LEVEL ? MAX_SLOW_LENGTH_NOW : MAX_LENGTH_NOW
  }

  /**
   * Compresses one fragment in this turn if it is short. `isFinal`: it ends its message.
   * @returns what the fragment becomes, in memory that the next call uses again; `undefined` if it has to go to the thread pool.
   */
  compressNow(payload: Uint8Array | string, isFinal: boolean): Uint8Array | undefined {
    if (payload.length === 0) return this.#compressNothing(isFinal)
    if (payload.length > this.#maxLengthNow) return undefined
    const context = this.#openContext()
    if (!context.canProcessNow) return undefined
    const isText = typeof payload === 'string'
    const length = isText ? encodeUtf8(payload, textInput, 0, textInput.length) : payload.length
    if (length > this.#maxLengthNow) return undefined
    const count = context.processNow(isText ? textInput : payload, length, MAX_PROCESSED_NOW)
    // The thread pool tells how, as ever.
    if (typeof count !== 'number') return undefined
    this.#endFragment(isFinal)
    return processedNow.subarray(0, isFinal ? count - TAIL_LENGTH : count)
  }

  /** Compresses one fragment in the thread pool. */
  compressInPool(payload: Uint8Array, isFinal: boolean, callback: (error: Error | undefined, compressed: Uint8Array) => void): void {
    this.#openContext().processInPool(payload, Infinity, (error, compressed = NOTHING) => {
      if (error === undefined) this.#endFragment(isFinal)
      callback(error, isFinal ? compressed.subarray(0, -TAIL_LENGTH) : compressed)
    })
  }

  /** Makes the next message stand for itself: one that was not compressed here has gone between. */
  forgetSentMessages(): void {
    this.#context?.reset()
  }

  /**
   * Gives the context up if it has not been used for a while: it is 200 KiB of memory, and only the compressor knows that it starts afresh. To be
   * called now and then.
   */
  rest(now: number): void {
    if (now - this.#lookedAt < IDLE_TIME) return
    this.#lookedAt = now
    if (!this.#wasUsed && !this.#isInMessage && this.#context !== undefined) {
      this.#contexts.giveBack(this.#context)
      this.#context = undefined
    }
    this.#wasUsed = false
  }

  /** Frees the memory, as soon as it is not in use. */
  dispose(): void {
    this.#context?.close()
    this.#context = undefined
  }

  #openContext(): CompressionContext {
    this.#isInMessage = true
    this.#wasUsed = true
    this.#context ??= this.#contexts.take()
    return this.#context
  }

  /** zlib flushes nothing out of nothing; RFC 7692, section 7.2.3.6, has the one byte that ends an empty message. */
  #compressNothing(isFinal: boolean): Uint8Array {
    this.#endFragment(isFinal)
    return isFinal ? EMPTY_FINAL_BLOCK : NOTHING
  }

  #endFragment(isFinal: boolean): void {
    this.#isInMessage = !isFinal
    if (!isFinal || this.#keepsContext || this.#context === undefined) return
    this.#contexts.giveBack(this.#context)
    this.#context = undefined
  }
}

/**
 * Bytes, or characters, that are compressed in the turn that they are sent in. So much took 40 us on a quick machine, 170 on a slow one; the way
 * through the thread pool takes 60 to 250.
 */
const MAX_LENGTH_NOW = 8192
/** The same for the levels that look for ever longer: there, 8 KiB of the wrong text took 680 us. */
const MAX_SLOW_LENGTH_NOW = 2048
const LAST_QUICK_LEVEL = 6

/** Milliseconds. */
const IDLE_TIME = 30_000

/** RFC 7692, section 7.2.1: the end of a flush, 00 00 FF FF, is left out of a message. */
const TAIL_LENGTH = 4
const NOTHING = Buffer.alloc(0)
const EMPTY_FINAL_BLOCK = Buffer.from([0x00])
/** A character takes up to three bytes. */
const textInput = Buffer.allocUnsafeSlow(3 * MAX_LENGTH_NOW)
