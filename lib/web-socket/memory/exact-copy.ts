/** A copy in its own memory of exactly this size. A slice of a pool or of a read would keep the whole memory alive while it waits. */
export function exactCopy(bytes: Uint8Array): Buffer {
  const copy = Buffer.allocUnsafeSlow(bytes.length)
  copy.set(bytes)
  return copy
}
