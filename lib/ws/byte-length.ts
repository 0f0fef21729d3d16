/** How many bytes a message has that `ws` was given, or gives: in each type that it takes, and in each `binaryType`. */
export function byteLengthOf(data: unknown): number {
  if (typeof data === 'string') return Buffer.byteLength(data)
  if (typeof data === 'number') return String(data).length
  if (ArrayBuffer.isView(data) || data instanceof ArrayBuffer) return data.byteLength
  if (Array.isArray(data)) return data.reduce<number>((sum, part) => sum + byteLengthOf(part), 0)
  return data instanceof Blob ? data.size : 0
}
