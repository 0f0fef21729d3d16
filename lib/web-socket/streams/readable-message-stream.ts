import { Readable } from 'node:stream'
import { checkWebSocket } from '../arguments.ts'
import { errorForDestroy } from './error-for-destroy.ts'
import type { ManagedWebSocket } from '../managed-web-socket.ts'
import { receiveChunk } from './receive-chunk.ts'
import { WebSocketState } from '../values/web-socket-state.ts'

/**
 * Returns the next message as a stream (.NET's `WebSocketStream.CreateReadableMessageStream`). The stream ends with the message, or immediately
 * if the peer closes. If the peer vanishes, the stream is destroyed with an error; without an `'error'` listener it only closes. Destroying the
 * stream before its end aborts the socket, because the rest of the message would look like the next message.
 * @param webSocket - the socket to receive from. No other code may receive from it until the stream has ended.
 * @example
 * ```ts
 * import { text } from 'node:stream/consumers'
 *
 * console.log(await text(createReadableMessageStream(webSocket)))
 * ```
 * @throws {@link WebSocketException} `ERR_WEBSOCKET_INVALID_ARGUMENT`
 */
export function createReadableMessageStream(webSocket: ManagedWebSocket): Readable {
  checkWebSocket(webSocket)
  return new ReadableMessageStream(webSocket)
}

class ReadableMessageStream extends Readable {
  readonly #webSocket: ManagedWebSocket
  #isComplete = false

  constructor(webSocket: ManagedWebSocket) {
    super()
    this.#webSocket = webSocket
  }

  override _read(size: number): void {
    receiveChunk(this, this.#webSocket, size, (chunk) => {
      this.#isComplete = chunk === undefined || chunk.endOfMessage
      if (chunk !== undefined && chunk.bytes.length > 0) this.push(chunk.bytes)
      if (this.#isComplete) this.push(null)
    })
  }

  override _destroy(error: Error | null, callback: (error?: Error | null) => void): void {
    const { state } = this.#webSocket
    if (!this.#isComplete && (state === WebSocketState.Open || state === WebSocketState.CloseSent)) this.#webSocket.abort()
    callback(errorForDestroy(this, error))
  }
}
