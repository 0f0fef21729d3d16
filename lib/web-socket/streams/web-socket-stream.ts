import { Duplex } from 'node:stream'
import { callbackify } from 'node:util'
import { checkMessageType, checkWebSocket } from '../arguments.ts'
import { errorForDestroy } from './error-for-destroy.ts'
import type { ManagedWebSocket } from '../managed-web-socket.ts'
import { OptionReader } from '../../options/option-reader.ts'
import type { OptionOwner } from '../../options/option-reader.ts'
import { receiveChunk } from './receive-chunk.ts'
import { startTimer } from '../../options/start-timer.ts'
import { WebSocketCloseStatus } from '../values/web-socket-close-status.ts'
import { WebSocketMessageType } from '../values/web-socket-message-type.ts'
import { WebSocketState } from '../values/web-socket-state.ts'

/** Options of {@link createWebSocketStream}. */
export interface WebSocketStreamOptions {
  /**
   * Milliseconds that closing an owned socket may take before it is aborted. `Infinity` means no limit. With `0`, the socket is disposed without a
   * Close frame. Defaults to `16_000`.
   */
  readonly closeTimeout?: number
  /** The type of the written messages. Defaults to `WebSocketMessageType.Binary`. */
  readonly messageType?: WebSocketMessageType
  /**
   * Whether the stream closes the socket: with 1000 when its writable side ends, with 1011 when an error destroys it. Defaults to `true` if
   * `closeTimeout` is set, and to `false` otherwise.
   */
  readonly ownsWebSocket?: boolean
}

/**
 * Returns a WebSocket as a stream of bytes (.NET's `WebSocketStream.Create`). Each write sends one message. Reading returns the bytes of all
 * messages in order, and the peer's Close frame ends the readable side. Backpressure works in both directions. The stream reads ahead, so the
 * socket itself can no longer receive those bytes.
 *
 * If the stream owns its socket, its end starts the close handshake. If the application has not begun to read, the stream finishes after the
 * handshake; otherwise reading continues until the peer's Close frame. A stream that was read to its end and never written to ends by itself.
 * If the peer vanishes or breaks the rules, the stream is destroyed with an error. Without an `'error'` listener it only closes, without `'end'`,
 * so that the error does not end the process.
 * @param webSocket - an open socket. From now on, only the stream receives from it.
 * @param options - the type of the written messages, and whether the stream closes the socket.
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
  const messageType = reader.value('messageType') ?? WebSocketMessageType.Binary
  checkMessageType(messageType)
  const closeTimeout = reader.duration('closeTimeout', 'no limit', 16_000)
  const isOwner = reader.boolean('ownsWebSocket', reader.value('closeTimeout') !== undefined)
  return new WebSocketStream(webSocket, messageType, isOwner ? closeTimeout : undefined)
}

class WebSocketStream extends Duplex {
  readonly #webSocket: ManagedWebSocket
  readonly #messageType: WebSocketMessageType
  /** `undefined` if the stream does not own the socket. */
  readonly #closeTimeout: number | undefined
  /** Whether the application writes, and so will end the stream. */
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
    // After the pending microtasks, because a reader may write there after the end, and a tick may run before them.
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
    // A `pipeline()` from a generator may not have written yet, but waits to write.
    if (!this.#isWriterKnown && this.listenerCount('drain') === 0 && !this.writableEnded) this.end()
  }

  override _final(callback: (error?: Error | null) => void): void {
    const closeTimeout = this.#closeTimeout
    if (closeTimeout === undefined || !canSend(this.#webSocket)) {
      callback()
    } else if (this.readableFlowing === null) {
      // The application does not read, so the stream itself must wait for the peer's answer.
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
    // A `for await` loop destroys the stream at its end, and Node reports that as an abort of the writable side.
    const failure = this.readableEnded && error?.name === 'AbortError' ? null : error
    const finish = (): void => callback(errorForDestroy(this, failure))
    if (closeTimeout === undefined) finish()
    else callbackify(async () => closeOwned(this.#webSocket, failure, closeTimeout))(finish)
  }
}

function canSend({ state }: ManagedWebSocket): boolean {
  return state === WebSocketState.Open || state === WebSocketState.CloseReceived
}

/** As in .NET: tries a close handshake within the timeout, ignores its errors, and then disposes the socket. */
async function closeOwned(webSocket: ManagedWebSocket, error: Error | null, closeTimeout: number): Promise<void> {
  if (webSocket.state < WebSocketState.Closed && closeTimeout > 0) {
    const status = error === null ? WebSocketCloseStatus.NormalClosure : WebSocketCloseStatus.InternalServerError
    const timeoutController = new AbortController()
    const timer = startTimer(closeTimeout, abort, timeoutController)?.unref()
    await webSocket.closeAsync(status, undefined, timeoutController.signal).catch(() => undefined)
    clearTimeout(timer)
  }
  webSocket.dispose()
}

function abort(controller: AbortController): void {
  controller.abort()
}
