import type { Readable } from 'node:stream'
import { callbackify } from 'node:util'
import type { ManagedWebSocket } from '../managed-web-socket.ts'
import { WebSocketMessageType } from '../values/web-socket-message-type.ts'

/** A received piece of a message, or `undefined` for the peer's Close frame. */
export type ReceivedChunk = { readonly bytes: Buffer; readonly endOfMessage: boolean } | undefined

/** Receives the next piece of at most `size` bytes. If that fails, destroys the stream. A piece is empty only at the end of a message. */
export function receiveChunk(stream: Readable, webSocket: ManagedWebSocket, size: number, onChunk: (chunk: ReceivedChunk) => void): void {
  callbackify(async () => receive(webSocket, size))((error, chunk) => {
    if (error === null) onChunk(chunk)
    else stream.destroy(error)
  })
}

async function receive(webSocket: ManagedWebSocket, size: number): Promise<ReceivedChunk> {
  const buffer = Buffer.allocUnsafe(size)
  for (;;) {
    const { count, endOfMessage, messageType } = await webSocket.receiveAsync(buffer)
    if (messageType === WebSocketMessageType.Close) return undefined
    if (count > 0 || endOfMessage) return { bytes: buffer.subarray(0, count), endOfMessage }
  }
}
