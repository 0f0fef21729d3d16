import { Writable } from 'node:stream'
import { callbackify } from 'node:util'
import { checkMessageType, checkWebSocket } from '../arguments.ts'
import { errorForDestroy } from './error-for-destroy.ts'
import type { ManagedWebSocket } from '../managed-web-socket.ts'
import { WebSocketMessageType } from '../values/web-socket-message-type.ts'

/**
 * Returns a stream that sends one message (.NET's `WebSocketStream.CreateWritableMessageStream`). Each write is a fragment, and the end is an
 * empty last fragment. If the peer vanishes, the stream is destroyed with an error; without an `'error'` listener it only closes. Destroying the
 * stream before its end aborts the socket, because a message that has begun cannot be cancelled.
 * @param webSocket - the socket to send on. No other code may send messages on it until the stream has finished.
 * @param messageType - defaults to `WebSocketMessageType.Binary`.
 * @example
 * ```ts
 * import { Readable } from 'node:stream'
 * import { pipeline } from 'node:stream/promises'
 *
 * await pipeline(Readable.from(['one ', 'message']), createWritableMessageStream(webSocket, WebSocketMessageType.Text))
 * ```
 * @throws {@link WebSocketException} `ERR_WEBSOCKET_INVALID_ARGUMENT`
 */
export function createWritableMessageStream(webSocket: ManagedWebSocket, messageType?: WebSocketMessageType): Writable {
  checkWebSocket(webSocket)
  const type: unknown = messageType ?? WebSocketMessageType.Binary
  checkMessageType(type)
  return new WritableMessageStream(webSocket, type)
}

class WritableMessageStream extends Writable {
  readonly #webSocket: ManagedWebSocket
  readonly #messageType: WebSocketMessageType
  #isMessageUnfinished = false

  constructor(webSocket: ManagedWebSocket, messageType: WebSocketMessageType) {
    super()
    this.#webSocket = webSocket
    this.#messageType = messageType
  }

  override _write(chunk: Buffer, _encoding: BufferEncoding, callback: (error?: Error | null) => void): void {
    const wasUnfinished = this.#isMessageUnfinished
    const write = async (): Promise<void> => {
      try {
        await this.#webSocket.sendAsync(chunk, this.#messageType, false)
      } catch (error) {
        this.#isMessageUnfinished = wasUnfinished
        throw error
      }
    }
    // Set before the send, which may be in progress when the stream is destroyed.
    this.#isMessageUnfinished = true
    callbackify(write)(callback)
  }

  override _final(callback: (error?: Error | null) => void): void {
    const end = async (): Promise<void> => {
      await this.#webSocket.sendAsync(NOTHING, this.#messageType, true)
      this.#isMessageUnfinished = false
    }
    callbackify(end)(callback)
  }

  override _destroy(error: Error | null, callback: (error?: Error | null) => void): void {
    if (this.#isMessageUnfinished) this.#webSocket.abort()
    callback(errorForDestroy(this, error))
  }
}

const NOTHING = Buffer.alloc(0)
