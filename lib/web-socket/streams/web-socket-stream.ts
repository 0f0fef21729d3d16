import { Duplex } from 'node:stream'
import { callbackify } from 'node:util'
import { audibleError } from './audible-error.ts'
import { checkMessageType, checkWebSocket } from '../arguments.ts'
import type { ManagedWebSocket } from '../managed-web-socket.ts'
import { OptionReader } from '../../options/option-reader.ts'
import type { OptionOwner } from '../../options/option-reader.ts'
import { receiveChunk } from './receive-chunk.ts'
import { startTimer } from '../../options/start-timer.ts'
import { WebSocketCloseStatus } from '../values/web-socket-close-status.ts'
import { WebSocketMessageType } from '../values/web-socket-message-type.ts'
import { WebSocketState } from '../values/web-socket-state.ts'

/** How a WebSocket becomes a stream. */
export interface WebSocketStreamOptions {
  /** Milliseconds that closing an owned socket may take until it is aborted; 0: it is disposed without a Close frame. Default 16,000. */
  readonly closeTimeout?: number
  /** The type of the messages that are written. Default `WebSocketMessageType.Binary`. */
  readonly messageType?: WebSocketMessageType
  /** Whether the stream closes the socket: with 1000 when its writing side ends, with 1011 when it is destroyed by an error. Default `false`. */
  readonly ownsWebSocket?: boolean
}

/**
 * A WebSocket as a stream of bytes (.NET's `WebSocketStream.Create`). Each write is one message; what is read are the bytes of all messages,
 * one behind the other, until the peer's Close frame ends it. Back-pressure works both ways. It reads ahead: what it has received is lost to
 * the socket. Ending a stream that owns its socket finishes with the close handshake if nobody has begun to read; else, reading goes on until
 * the peer's Close frame. One that was read to its end, and that nobody has begun to write to, ends by itself. A peer that vanishes or breaks the
 * rules destroys the stream with an error; if nobody listens to `'error'`, the stream only closes, without `'end'`, since that is no reason to end
 * the process.
 * @param webSocket - an open socket; what it has received is the stream's from now on.
 * @param options - the type of what is written, and whether the stream closes the socket.
 * @throws {@link WebSocketException} `ERR_WEBSOCKET_INVALID_OPTION`, `ERR_WEBSOCKET_INVALID_ARGUMENT`
 *
 * @example
 * ```ts
 * import { createReadStream } from 'node:fs'
 * import { pipeline } from 'node:stream/promises'
 *
 * await pipeline(createReadStream('film.mp4'), createWebSocketStream(webSocket, { ownsWebSocket: true }))
 * ```
 */
export function createWebSocketStream(webSocket: ManagedWebSocket, options: WebSocketStreamOptions = {}): Duplex {
  checkWebSocket(webSocket)
  const owner: OptionOwner = { name: 'createWebSocketStream', code: 'ERR_WEBSOCKET_INVALID_OPTION' }
  const reader = new OptionReader(owner, options, ['closeTimeout', 'messageType', 'ownsWebSocket'])
  const messageType: unknown = options.messageType ?? WebSocketMessageType.Binary
  checkMessageType(messageType)
  const closeTimeout = reader.duration('closeTimeout', 'for ever', 16_000)
  const isOwner = reader.boolean('ownsWebSocket', options.closeTimeout !== undefined)
  return new WebSocketStream(webSocket, messageType, isOwner ? closeTimeout : undefined)
}

class WebSocketStream extends Duplex {
  readonly #webSocket: ManagedWebSocket
  readonly #messageType: WebSocketMessageType
  /** `undefined`: the socket is not ours to close. */
  readonly #closeTimeout: number | undefined
  /** Whether somebody writes, who will end the stream. */
  #isWriterKnown = false

  constructor(webSocket: ManagedWebSocket, messageType: WebSocketMessageType, closeTimeout: number | undefined) {
    super()
    this.#webSocket = webSocket
    this.#messageType = messageType
    this.#closeTimeout = closeTimeout
    if (closeTimeout === undefined) return
    this.once('pipe', () => {
      this.#isWriterKnown = true
    })
    // Not before the microtasks that are due, as a tick may come: in them, whoever has read it to its end may write.
    this.once('end', () => queueMicrotask(() => process.nextTick(() => this.#endUnlessWritten())))
  }

  override _read(size: number): void {
    receiveChunk(this, this.#webSocket, size, (chunk) => {
      if (chunk === undefined) this.push(null)
      else if (chunk.bytes.length > 0) this.push(chunk.bytes)
      else this._read(size)
    })
  }

  override _write(chunk: Buffer, _encoding: BufferEncoding, callback: (error?: Error | null) => void): void {
    this.#isWriterKnown = true
    callbackify(async () => this.#webSocket.sendAsync(chunk, this.#messageType))(callback)
  }

  #endUnlessWritten(): void {
    // A `pipeline()` from a generator has written nothing yet, and waits to do so.
    if (!this.#isWriterKnown && this.listenerCount('drain') === 0 && !this.writableEnded) this.end()
  }

  override _final(callback: (error?: Error | null) => void): void {
    const closeTimeout = this.#closeTimeout
    if (closeTimeout === undefined || !canSend(this.#webSocket)) {
      callback()
    } else if (this.readableFlowing === null) {
      // Nobody reads: nobody but us would see the peer's answer, or that there is none.
      callbackify(async () => closeOwned(this.#webSocket, null, closeTimeout))(() => {
        callback()
        this.push(null)
        this.resume()
      })
    } else {
      callbackify(async () => this.#webSocket.closeOutputAsync(WebSocketCloseStatus.NormalClosure))(callback)
    }
  }

  override _destroy(error: Error | null, callback: (error?: Error | null) => void): void {
    const closeTimeout = this.#closeTimeout
    // A loop that has read it to its end destroys it, which Node takes for an abort of the writing side.
    const failure = this.readableEnded && error?.name === 'AbortError' ? null : error
    const finish = (): void => callback(audibleError(this, failure))
    if (closeTimeout === undefined) finish()
    else callbackify(async () => closeOwned(this.#webSocket, failure, closeTimeout))(finish)
  }
}

function canSend({ state }: ManagedWebSocket): boolean {
  return state === WebSocketState.Open || state === WebSocketState.CloseReceived
}

/** As .NET: a close handshake within the timeout, whose errors nobody can do anything about, and then the end. */
async function closeOwned(webSocket: ManagedWebSocket, error: Error | null, closeTimeout: number): Promise<void> {
  if (webSocket.state < WebSocketState.Closed && closeTimeout > 0) {
    const status = error === null ? WebSocketCloseStatus.NormalClosure : WebSocketCloseStatus.InternalServerError
    const patience = new AbortController()
    const timer = startTimer(closeTimeout, abort, patience)?.unref()
    await webSocket.closeAsync(status, undefined, patience.signal).catch(() => undefined)
    clearTimeout(timer)
  }
  webSocket.dispose()
}

function abort(controller: AbortController): void {
  controller.abort()
}
