import { Writable } from 'node:stream'
import { callbackify } from 'node:util'
import { audibleError } from './audible-error.ts'
import { checkMessageType, checkWebSocket } from '../arguments.ts'
import type { ManagedWebSocket } from '../managed-web-socket.ts'
import { WebSocketMessageType } from '../values/web-socket-message-type.ts'

/**
 * One message as a stream (.NET's `WebSocketStream.CreateWritableMessageStream`): each write is a fragment, the end an empty last one.
 * A peer that vanishes destroys it with an error; if nobody listens to `'error'`, it only closes. Destroying it before its end aborts the socket,
 * because a message that has begun cannot be taken back.
 * @param webSocket - a socket that nobody else sends messages to until the stream has finished.
 * @param messageType - default `WebSocketMessageType.Binary`.
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
    // From now on: it may be on its way when the stream is destroyed.
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
    callback(audibleError(this, error))
  }
}

const NOTHING = Buffer.alloc(0)
