import type { FrameReader } from '../frames/frame-reader.ts'
import { unmask } from '../memory/unmask.ts'
import { WholeFrame } from '../frames/whole-frame.ts'

/**
 * Takes the next message into `buffer` if it is there as a {@link WholeFrame}, is short and fits, without an operation that would wait for it.
 * @returns what was taken, until the next call; `undefined` if it is not there, or is not plainly right. The buffer may have been written to all
 * the same.
 */
export function takeIntoBuffer(reader: FrameReader, buffer: Uint8Array): Pick<WholeFrame, 'length' | 'messageType'> | undefined {
  const first = frame.find(reader)
  const { isText, length, start, mask, size } = frame
  if (first === undefined || length > Math.min(MAX_SHORT, buffer.length)) return undefined
  // Not where it is: text that is not ASCII is read once more.
  const isAscii = unmask(first, start, buffer, 0, length, mask, 0)
  if (isText && !isAscii) return undefined
  reader.passFrame(size, length)
  return frame
}

/** Bytes. For longer ones, an operation costs little beside what it moves. */
const MAX_SHORT = 1024

/** Filled and read within one step, so that one is enough for all sockets. */
const frame = new WholeFrame()
