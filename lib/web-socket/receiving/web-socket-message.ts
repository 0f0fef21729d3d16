import { decodeLatin1 } from '../memory/buffer-internals.ts'
import { WebSocketMessageType } from '../values/web-socket-message-type.ts'

/** A whole message: a string if its type is text, a Buffer if it is binary. */
export type WebSocketMessage = string | Buffer

/** Makes a message of the first `length` bytes of a buffer. A binary message keeps the memory. */
export function toMessage(bytes: Buffer, length: number, messageType: WebSocketMessageType, isAscii: boolean): WebSocketMessage {
  if (messageType === WebSocketMessageType.Text) return isAscii ? decodeLatin1(bytes, length) : bytes.toString('utf8', 0, length)
  return bytes.length === length ? bytes : bytes.subarray(0, length)
}
