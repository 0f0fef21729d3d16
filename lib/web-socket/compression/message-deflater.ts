import { invalidPayload, messageTooBig } from '../frames/frame-failure.ts'
import type { FrameFailure } from '../frames/frame-failure.ts'
import type { WebSocketSettings, WebSocketCompression } from '../values/web-socket-settings.ts'
import { createPerMessageDeflate, limitInflation, MAX_PAYLOAD_EXCEEDED, resetDeflate, toDeflateParams } from './ws-internals.ts'
import type { PerMessageDeflate } from './ws-internals.ts'

/** permessage-deflate (RFC 7692) on one connection: frame payloads in, frame payloads out. `ws` does the work. */
export class MessageDeflater {
  /** Messages shorter than this are not worth it. Bytes. */
  readonly threshold: number
  readonly #deflate: PerMessageDeflate
  /** Whether what was sent may be referred to by later messages. */
  readonly #keepsWindow: boolean
  readonly #maxMessageSize: number
  /** Bytes that the fragments of the message so far have inflated to. */
  #inflatedBytes = 0
  #isInflating = false
  #isDisposed = false

  constructor(compression: WebSocketCompression, settings: Pick<WebSocketSettings, 'isServer' | 'maxMessageSize'>) {
    this.threshold = compression.threshold
    this.#keepsWindow = settings.isServer ? compression.serverContextTakeover : compression.clientContextTakeover
    this.#maxMessageSize = settings.maxMessageSize
    this.#deflate = createPerMessageDeflate(
      { isServer: settings.isServer, maxPayload: 0, zlibDeflateOptions: { level: compression.level } },
      toDeflateParams(compression),
    )
  }

  /** Compresses one fragment. `isFinal`: it ends its message. Calls back later, or at once if there is nothing to compress. */
  compress(payload: Uint8Array, isFinal: boolean, callback: (error: Error | null, compressed: Uint8Array) => void): void {
    // zlib flushes nothing out of nothing; RFC 7692, section 7.2.3.6, has the one byte that ends an empty message.
    if (payload.length === 0) {
      if (isFinal && !this.#keepsWindow) resetDeflate(this.#deflate)
      callback(null, isFinal ? EMPTY_FINAL_BLOCK : NOTHING)
    } else {
      this.#deflate.compress(payload, isFinal, (error, compressed) => {
        if (this.#isDisposed) this.dispose()
        callback(error, compressed)
      })
    }
  }

  /** Makes the next message stand for itself: one that was not compressed here has gone between. */
  forgetSentMessages(): void {
    resetDeflate(this.#deflate)
  }

  /** Inflates one fragment, never to more than the message may have left (RFC 7692, section 8). */
  inflate(payload: Uint8Array, isFinal: boolean, callback: (failure: FrameFailure | undefined, inflated: Buffer) => void): void {
    this.#isInflating = true
    limitInflation(this.#deflate, this.#maxMessageSize - this.#inflatedBytes)
    this.#deflate.decompress(payload, isFinal, (error, inflated) => {
      this.#isInflating = false
      if (this.#isDisposed) this.dispose()
      if (error !== null) {
        callback(error.code === MAX_PAYLOAD_EXCEEDED ? messageTooBig(this.#maxMessageSize) : invalidPayload(CORRUPT, error), NOTHING)
        return
      }
      const inflatedBytes = this.#inflatedBytes + inflated.length
      this.#inflatedBytes = isFinal ? 0 : inflatedBytes
      if (inflatedBytes > this.#maxMessageSize) callback(messageTooBig(this.#maxMessageSize), NOTHING)
      else callback(undefined, inflated)
    })
  }

  /** Frees the zlib streams, as soon as they are idle. */
  dispose(): void {
    this.#isDisposed = true
    if (!this.#isInflating) this.#deflate.cleanup()
  }
}

const NOTHING = Buffer.alloc(0)
const EMPTY_FINAL_BLOCK = Buffer.from([0x00])
const CORRUPT = 'The peer sent compressed data that does not inflate'
