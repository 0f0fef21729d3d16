import { constants } from 'node:buffer'
import { invalidPayload, messageTooBig } from '../frames/frame-failure.ts'
import type { FrameFailure } from '../frames/frame-failure.ts'
import type { CompressionContext } from './compression-context.ts'
import { MAX_PROCESSED_NOW, processedNow } from './compression-context.ts'
import { ContextPool } from './context-pool.ts'
import type { WebSocketCompression, WebSocketSettings } from '../values/web-socket-settings.ts'

/** Is notified by the thread pool. */
export interface InflateListener {
  /** The fragment was inflated, or inflating has failed. */
  onInflated(outcome: Buffer | FrameFailure): void
}

/** Inflates the messages of one connection (permessage-deflate, RFC 7692): frame payloads in, frame payloads out. */
export class MessageInflater {
  readonly #contexts: ContextPool
  /** Whether messages may refer to earlier ones. */
  readonly #keepsContext: boolean
  readonly #maxMessageSize: number
  #context: CompressionContext | undefined
  /** The inflated bytes of the current message so far. */
  #inflatedBytes = 0

  constructor(compression: WebSocketCompression, { isServer, maxMessageSize }: Pick<WebSocketSettings, 'isServer' | 'maxMessageSize'>) {
    this.#keepsContext = isServer ? compression.clientContextTakeover : compression.serverContextTakeover
    this.#contexts = ContextPool.ofInflaters(isServer ? compression.clientMaxWindowBits : compression.serverMaxWindowBits)
    this.#maxMessageSize = Math.min(maxMessageSize, constants.MAX_LENGTH)
  }

  /**
   * Inflates one fragment, never beyond the rest of the message limit (RFC 7692, section 8). `isFinal` tells that it ends its message.
   * @returns the failure, or the inflated bytes, in memory that the next message of any connection reuses; `undefined` if the thread pool has to work,
   * and the listener gets the result later.
   */
  inflate(payload: Uint8Array, isFinal: boolean, listener: InflateListener): Buffer | FrameFailure | undefined {
    this.#context ??= this.#contexts.take()
    const context = this.#context
    if (payload.length > MAX_LENGTH_NOW || !context.canProcessNow) {
      this.#inflateInPool(context, NOTHING, isFinal ? Buffer.concat([payload, TAIL]) : payload, isFinal, listener)
      return undefined
    }
    input.set(payload)
    input.set(TAIL, payload.length)
    const length = isFinal ? payload.length + TAIL.length : payload.length
    const left = this.#bytesLeft()
    const room = Math.min(MAX_PROCESSED_NOW, left + 1)
    const count = context.processNow(input, length, room)
    if (typeof count !== 'number') return this.#fail(invalidPayload(CORRUPT, count))
    if (count > left) return this.#fail(messageTooBig(this.#maxMessageSize))
    const inflated = processedNow.subarray(0, count)
    if (count < room) return this.#endFragment(inflated, isFinal)
    // There may be more output even if all input was consumed.
    this.#inflateInPool(
      context,
      Buffer.from(inflated),
      Buffer.from(input.subarray(length - context.unreadBytes, length)),
      isFinal,
      listener,
    )
    return undefined
  }

  /** Frees the memory as soon as it is not in use. */
  dispose(): void {
    this.#context?.close()
    this.#context = undefined
  }

  #inflateInPool(context: CompressionContext, head: Buffer, rest: Uint8Array, isFinal: boolean, listener: InflateListener): void {
    context.processInPool(rest, this.#bytesLeft() - head.length, (error, inflated) => {
      if (error !== undefined) listener.onInflated(this.#fail(invalidPayload(CORRUPT, error)))
      else if (inflated === undefined) listener.onInflated(this.#fail(messageTooBig(this.#maxMessageSize)))
      else listener.onInflated(this.#endFragment(head.length === 0 ? inflated : Buffer.concat([head, inflated]), isFinal))
    })
  }

  #bytesLeft(): number {
    return this.#maxMessageSize - this.#inflatedBytes
  }

  #endFragment(inflated: Buffer, isFinal: boolean): Buffer {
    this.#inflatedBytes = isFinal ? 0 : this.#inflatedBytes + inflated.length
    const context = this.#context
    // The WebSocket may have been disposed meanwhile.
    if (context === undefined) return inflated
    if (context.hasEnded) context.close()
    else if (isFinal && !this.#keepsContext) this.#contexts.returnContext(context)
    else return inflated
    this.#context = undefined
    return inflated
  }

  /** A failure ends the connection, so the context is closed. */
  #fail(failure: FrameFailure): FrameFailure {
    this.#context?.close()
    this.#context = undefined
    return failure
  }
}

/** Bytes that are inflated synchronously. */
const MAX_LENGTH_NOW = 16_384

/** RFC 7692, section 7.2.2: the bytes that the sender has removed from the message. */
const TAIL = Buffer.from([0x00, 0x00, 0xff, 0xff])
const NOTHING = Buffer.alloc(0)
const input = Buffer.allocUnsafeSlow(MAX_LENGTH_NOW + TAIL.length)
const CORRUPT = 'The peer sent compressed data that does not inflate'
