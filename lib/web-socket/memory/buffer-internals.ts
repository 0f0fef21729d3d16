/*
 * `buffer.toString()` and `buffer.write()` call these functions after they have checked encoding and bounds. These checks would take a twentieth of the
 * time of a short echo. The functions are not documented, but every supported version of Node has them.
 * `spec/web-socket/memory/buffer-internals.spec.ts` fails if a Node release changes them. Without them, the documented functions are used.
 */

/** Decodes the first `length` bytes as Latin-1: one character per byte. */
export function decodeLatin1(bytes: Buffer, length: number): string {
  return latin1Slice === undefined ? bytes.toString('latin1', 0, length) : latin1Slice.call(bytes, 0, length)
}

/** Writes `text` as UTF-8 at `start`, and returns the number of bytes. The caller must ensure that they fit into the `size` bytes behind `start`. */
export function encodeUtf8(text: string, target: Buffer, start: number, size: number): number {
  return utf8Write === undefined ? target.write(text, start) : utf8Write.call(target, text, start, size)
}

interface BufferInternals {
  latin1Slice(start: number, end: number): string
  utf8Write(text: string, start: number, length: number): number
}

// Node's types do not declare these methods.
const { latin1Slice, utf8Write } = Buffer.prototype as Partial<BufferInternals>
