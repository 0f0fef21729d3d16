import { isUtf8 } from 'node:buffer'
import type { FrameReader } from './frame-reader.ts'
import { Opcode } from './opcode.ts'
import { textMemory } from './shared-memory.ts'
import { toMessage } from './web-socket-message.ts'
import type { WebSocketMessage } from './web-socket-message.ts'
import { WebSocketMessageType } from './web-socket-message-type.ts'

/**
 * Takes the next message if it is there as a whole: in one frame, uncompressed, in one piece and below 64 KiB, as most are. It is the short way,
 * and judges nothing: whatever is not plainly right is left for the frame reader to deal with.
 * @returns `undefined` if that is so.
 */
export function takeMessage(reader: FrameReader, maxMessageSize: number): WebSocketMessage | undefined {
  if (!reader.isBetweenMessages) return undefined
  const { first, offset } = reader.bytes
  const firstByte = first?.[offset]
  if (first === undefined || (firstByte !== FINAL_TEXT && firstByte !== FINAL_BINARY)) return undefined
  // The mask bit is subtracted if it has to be there; if it is wrong, the length is out of range.
  let length = (first[offset + 1] ?? 0) - (reader.isMaskExpected ? 0x80 : 0)
  let start = offset + 2
  if (length === 126) {
    length = ((first[offset + 2] ?? 0) << 8) | (first[offset + 3] ?? 0)
    start += 2
    if (length < 126) return undefined
  } else if (length < 0 || length > 126) return undefined
  if (reader.isMaskExpected) start += 4
  const end = start + length
  if (end > first.length || length > maxMessageSize) return undefined
  const isText = firstByte === FINAL_TEXT
  const target = isText ? textMemory : Buffer.allocUnsafe(length)
  const mask = reader.isMaskExpected ? maskBefore(first, start) : 0
  const isAscii = reader.bytes.unmaskOfFirst(first, start, target, 0, length, mask, 0)
  if (isText && !isAscii && !isUtf8(textMemory.subarray(0, length))) return undefined
  reader.passFrame(end - offset)
  return toMessage(target, length, isText ? WebSocketMessageType.Text : WebSocketMessageType.Binary, isAscii)
}

function maskBefore(bytes: Uint8Array, start: number): number {
  return ((bytes[start - 4] ?? 0) << 24) | ((bytes[start - 3] ?? 0) << 16) | ((bytes[start - 2] ?? 0) << 8) | (bytes[start - 1] ?? 0)
}

const FINAL_TEXT = 0x80 | Opcode.Text
const FINAL_BINARY = 0x80 | Opcode.Binary
