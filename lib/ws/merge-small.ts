/**
 * Merges the chunks at the end of a list that are smaller than {@link SMALL} bytes, if there are at least `count` of them. Each chunk takes memory in
 * addition to its bytes, for a single byte hundreds of times as much.
 */
export function mergeSmall(chunks: Buffer[], count: number): void {
  if (chunks.length < count) return
  let first = chunks.length
  let length = 0
  for (;;) {
    const chunk = chunks[first - 1]
    if (chunk === undefined || chunk.length >= SMALL) break
    length += chunk.length
    first--
  }
  if (chunks.length - first < count) return
  const merged = Buffer.allocUnsafeSlow(length)
  let offset = 0
  for (const chunk of chunks.splice(first)) {
    merged.set(chunk, offset)
    offset += chunk.length
  }
  chunks.push(merged)
}

/** Bytes. A chunk of this size takes less than three times its bytes: a chunk that was read separately takes some 450 bytes more (Node 20). */
const SMALL = 256
