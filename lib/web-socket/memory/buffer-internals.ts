/*
 * The conversions that `buffer.toString()` and `buffer.write()` come to once they have looked at encoding and bounds, which is felt where messages are
 * short. Not documented, but older than every Node that we support.
 * `spec/web-socket/memory/buffer-internals.spec.ts` fails if a Node release changes them; without them, the documented way is taken.
 */

/** The first `length` bytes as a string of as many characters. */
export function decodeLatin1(bytes: Buffer, length: number): string {
  return latin1Slice === undefined ? bytes.toString('latin1', 0, length) : latin1Slice.call(bytes, 0, length)
}

/** Writes `text` as UTF-8 from `start` on, and returns how many bytes that are. The caller has seen to it that there is room: `size` bytes. */
export function encodeUtf8(text: string, target: Buffer, start: number, size: number): number {
  return utf8Write === undefined ? target.write(text, start) : utf8Write.call(target, text, start, size)
}

interface BufferInternals {
  latin1Slice(start: number, end: number): string
  utf8Write(text: string, start: number, length: number): number
}

// A Buffer seen from the inside.
const { latin1Slice, utf8Write } = Buffer.prototype as Partial<BufferInternals>
