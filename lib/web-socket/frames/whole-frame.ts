import type { FrameReader } from './frame-reader.ts'
import { Opcode } from './opcode.ts'
import { WebSocketMessageType } from '../values/web-socket-message-type.ts'

/**
 * The fast path for most messages: a complete message of less than 64 KiB, in one uncompressed frame and one chunk. It reports no violation: all other
 * frames are left to the frame reader.
 */
export class WholeFrame {
  isText = false
  /** The length of the payload, in bytes. */
  length = 0
  /** The offset of the payload in the reader's first chunk. */
  start = 0
  /** The masking key, its first byte most significant; 0 if there is none. */
  mask = 0
  /** The length of the frame with its header, in bytes. */
  size = 0

  get messageType(): WebSocketMessageType {
    return this.isText ? WebSocketMessageType.Text : WebSocketMessageType.Binary
  }

  /** Looks for such a message at the head of the received bytes; returns its chunk. */
  find(reader: FrameReader): Uint8Array | undefined {
    if (!reader.isBetweenMessages) return undefined
    const { first, offset } = reader.bytes
    const firstByte = first?.[offset]
    if (first === undefined || (firstByte !== FINAL_TEXT && firstByte !== FINAL_BINARY)) return undefined
    // If the mask bit is required, it is subtracted. A wrong mask bit makes the length invalid.
    let length = (first[offset + 1] ?? 0) - (reader.isMaskExpected ? 0x80 : 0)
    let start = offset + 2
    if (length === 126) {
      length = ((first[offset + 2] ?? 0) << 8) | (first[offset + 3] ?? 0)
      start += 2
      if (length < 126) return undefined
    } else if (length < 0 || length > 126) return undefined
    if (reader.isMaskExpected) start += 4
    if (start + length > first.length) return undefined
    this.isText = firstByte === FINAL_TEXT
    this.length = length
    this.start = start
    this.mask = reader.isMaskExpected ? maskBefore(first, start) : 0
    this.size = start + length - offset
    return first
  }
}

function maskBefore(bytes: Uint8Array, start: number): number {
  return ((bytes[start - 4] ?? 0) << 24) | ((bytes[start - 3] ?? 0) << 16) | ((bytes[start - 2] ?? 0) << 8) | (bytes[start - 1] ?? 0)
}

const FINAL_TEXT = 0x80 | Opcode.Text
const FINAL_BINARY = 0x80 | Opcode.Binary
