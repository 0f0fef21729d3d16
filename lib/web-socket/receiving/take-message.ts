import { isUtf8 } from 'node:buffer'
import { allocatePayload } from '../memory/allocate-payload.ts'
import type { FrameReader } from '../frames/frame-reader.ts'
import { textMemory } from '../memory/shared-memory.ts'
import { toMessage } from './web-socket-message.ts'
import type { WebSocketMessage } from './web-socket-message.ts'
import { WholeFrame } from '../frames/whole-frame.ts'

/**
 * Takes the next message if it is there as a {@link WholeFrame}, without an operation that would wait for it.
 * @returns `undefined` if it is not, or is not plainly right.
 */
export function takeMessage(reader: FrameReader, maxMessageSize: number): WebSocketMessage | undefined {
  const first = frame.find(reader)
  const { isText, length, start, mask, size } = frame
  if (first === undefined || length > maxMessageSize) return undefined
  const target = isText ? textMemory : allocatePayload(length)
  const isAscii = reader.bytes.unmaskOfFirst(first, start, target, 0, length, mask, 0)
  if (isText && !isAscii && !isUtf8(textMemory.subarray(0, length))) return undefined
  reader.passFrame(size, length)
  return toMessage(target, length, frame.messageType, isAscii)
}

/** Filled and read within one step, so that one is enough for all sockets. */
const frame = new WholeFrame()
