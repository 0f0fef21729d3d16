/** The number of bytes of a message that was sent or received, for each type that `ws` accepts and for each `binaryType`. */
export function byteLengthOf(data: unknown): number {
  if (typeof data === 'string') return Buffer.byteLength(data)
  if (typeof data === 'number') return String(data).length
  if (ArrayBuffer.isView(data) || data instanceof ArrayBuffer) return data.byteLength
  if (Array.isArray(data)) return data.reduce<number>((sum, part) => sum + byteLengthOf(part), 0)
  return data instanceof Blob ? data.size : 0
}
