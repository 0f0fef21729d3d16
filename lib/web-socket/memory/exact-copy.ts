/** A copy in memory of its own, exactly as large: a piece of a pool, or of what was read, keeps all of it as long as it waits. */
export function exactCopy(bytes: Uint8Array): Buffer {
  const copy = Buffer.allocUnsafeSlow(bytes.length)
  copy.set(bytes)
  return copy
}
