import { isUtf8 } from 'node:buffer'
import { allocatePayload } from '../memory/allocate-payload.ts'
import type { FrameReader } from '../frames/frame-reader.ts'
import { textMemory } from '../memory/shared-memory.ts'
import { toMessage } from './web-socket-message.ts'
import type { WebSocketMessage } from './web-socket-message.ts'
import { WholeFrame } from '../frames/whole-frame.ts'

/**
 * Fast path without an operation: takes the next message if it is a complete {@link WholeFrame}.
 * @returns `undefined` if there is no such message or it needs the slow path.
 */
export function takeMessage(reader: FrameReader, maxMessageSize: number): WebSocketMessage | undefined {
  const first = frame.find(reader)
  const { isText, length, start, mask, size } = frame
  if (first === undefined || length > maxMessageSize) return undefined
  const target = isText ? textMemory : allocatePayload(length)
  const isAscii = reader.bytes.unmaskOfFirst(first, start, target, 0, length, mask, 0)
  if (isText && !isAscii && !isUtf8(textMemory.subarray(0, length))) return undefined
  reader.consumeFrame(size, length)
  return toMessage(target, length, frame.messageType, isAscii)
}

/** Filled and read within one step, so all sockets share it. */
const frame = new WholeFrame()
