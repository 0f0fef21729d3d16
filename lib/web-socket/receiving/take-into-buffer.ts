import type { FrameReader } from '../frames/frame-reader.ts'
import { unmask } from '../memory/unmask.ts'
import { WholeFrame } from '../frames/whole-frame.ts'

/**
 * Fast path without an operation: takes the next message into `buffer` if it is a complete {@link WholeFrame}, is short and fits.
 * @returns the result, valid until the next call; `undefined` if there is no such message or it needs the slow path. The buffer may have been
 * written to even then.
 */
export function takeIntoBuffer(reader: FrameReader, buffer: Uint8Array): Pick<WholeFrame, 'length' | 'messageType'> | undefined {
  const first = frame.find(reader)
  const { isText, length, start, mask, size } = frame
  if (first === undefined || length > Math.min(MAX_SHORT, buffer.length)) return undefined
  // Not in place, because the reader reads text that is not ASCII again.
  const isAscii = unmask(first, start, buffer, 0, length, mask, 0)
  if (isText && !isAscii) return undefined
  reader.consumeFrame(size, length)
  return frame
}

/** Bytes. For longer messages, the cost of an operation is small compared to the copy. */
const MAX_SHORT = 1024

/** Filled and read within one step, so all sockets share it. */
const frame = new WholeFrame()
