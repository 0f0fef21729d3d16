import { isAscii, isUtf8 } from 'node:buffer'
import { allocatePayload } from '../memory/allocate-payload.ts'
import type { FrameReader } from '../frames/frame-reader.ts'
import { toMessage } from './web-socket-message.ts'
import type { WebSocketMessage } from './web-socket-message.ts'
import { WebSocketMessageType } from '../values/web-socket-message-type.ts'

/** Takes a message that was inflated in one piece. A text is not copied. Returns `undefined` if there is none, or if it needs the slow path. */
export function takeInflatedMessage(reader: FrameReader): WebSocketMessage | undefined {
  const { inflatedMessage, messageType } = reader
  if (inflatedMessage === undefined) return undefined
  const { length } = inflatedMessage
  const isText = messageType === WebSocketMessageType.Text
  const isAsciiText = isText && isAscii(inflatedMessage)
  if (isText && !isAsciiText && !isUtf8(inflatedMessage)) return undefined
  let bytes = inflatedMessage
  if (!isText) {
    bytes = allocatePayload(length)
    bytes.set(inflatedMessage)
  }
  reader.bytesRead += length
  reader.completeFrame()
  return toMessage(bytes, length, messageType, isAsciiText)
}
