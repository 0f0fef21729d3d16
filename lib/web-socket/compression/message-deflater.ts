import { encodeUtf8 } from '../memory/buffer-internals.ts'
import type { CompressionContext } from './compression-context.ts'
import { MAX_PROCESSED_NOW, processedNow } from './compression-context.ts'
import { ContextPool } from './context-pool.ts'
import type { WebSocketCompression } from '../values/web-socket-settings.ts'

/** Compresses the messages of one connection (permessage-deflate, RFC 7692): frame payloads in, frame payloads out. */
export class MessageDeflater {
  /** Messages shorter than this are not compressed. Bytes. */
  readonly threshold: number
  readonly #contexts: ContextPool
  /** Whether later messages may refer to earlier ones. */
  readonly #keepsContext: boolean
  readonly #maxLengthNow: number
  #context: CompressionContext | undefined
  /** Whether a message has begun and not ended. */
  #isInMessage = false
  /** Whether data was compressed since the last call of {@link rest}. */
  #wasUsed = false
  /** The time of that call, in milliseconds. */
  #checkedAt = 0

  constructor(compression: WebSocketCompression, isServer: boolean) {
    const { level, threshold } = compression
    this.threshold = threshold
    this.#keepsContext = isServer ? compression.serverContextTakeover : compression.clientContextTakeover
    this.#contexts = ContextPool.ofDeflaters(isServer ? compression.serverMaxWindowBits : compression.clientMaxWindowBits, level)
    this.#maxLengthNow = level > LAST_QUICK_LEVEL ? MAX_SLOW_LENGTH_NOW : MAX_LENGTH_NOW
  }

  /**
   * Compresses one fragment synchronously if it is short. `isFinal` tells that it ends its message.
   * @returns the compressed fragment, in memory that the next call reuses; `undefined` if it must go to the thread pool.
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
    // zlib has failed. The caller continues in the thread pool, which reports the error.
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

  /** Makes the next message independent, because a message that was not compressed here was sent in between. */
  forgetSentMessages(): void {
    this.#context?.reset()
  }

  /** Releases the context, which takes 200 KiB, if it was not used for a while. A new context does not affect the peer. Call this periodically. */
  rest(now: number): void {
    if (now - this.#checkedAt < IDLE_TIME) return
    this.#checkedAt = now
    if (!this.#wasUsed && !this.#isInMessage && this.#context !== undefined) {
      this.#contexts.returnContext(this.#context)
      this.#context = undefined
    }
    this.#wasUsed = false
  }

  /** Frees the memory as soon as it is not in use. */
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

  /** zlib has no output for empty input. RFC 7692, section 7.2.3.6, defines the one byte that ends an empty message. */
  #compressNothing(isFinal: boolean): Uint8Array {
    this.#endFragment(isFinal)
    return isFinal ? EMPTY_FINAL_BLOCK : NOTHING
  }

  #endFragment(isFinal: boolean): void {
    this.#isInMessage = !isFinal
    if (!isFinal || this.#keepsContext || this.#context === undefined) return
    this.#contexts.returnContext(this.#context)
    this.#context = undefined
  }
}

/** Bytes, or characters, that are compressed synchronously. JSON of this length takes 125 us; the thread pool adds 60 to 250 us to that. */
const MAX_LENGTH_NOW = 8192
/** The same for the levels that search longer: at level 9, JSON of this length takes 140 us, and 8 KiB take 500 us. */
const MAX_SLOW_LENGTH_NOW = 2048
const LAST_QUICK_LEVEL = 6

/** Milliseconds. */
const IDLE_TIME = 30_000

/** RFC 7692, section 7.2.1: the sender removes the end of a flush, 00 00 FF FF. */
const TAIL_LENGTH = 4
const NOTHING = Buffer.alloc(0)
const EMPTY_FINAL_BLOCK = Buffer.from([0x00])
/** A character takes up to three bytes. */
const textInput = Buffer.allocUnsafeSlow(3 * MAX_LENGTH_NOW)
