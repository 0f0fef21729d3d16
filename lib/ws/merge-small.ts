/**
 * Makes one of the chunks at the end of a list if they are small, below {@link SMALL} bytes, and at least `count`: a chunk takes memory beside
 * its bytes, and hundreds of times as much as a single one.
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

/** So long that a chunk takes less than three times its bytes: some 450 more if it was read by itself (Node 20). */
const SMALL = 256
