/** The size of a pooled chunk: as much as is read at once. Bytes. */
export const POOLED_LENGTH = 65_536

/**
 * Lends memory for large chunks, and takes it back: copies of what was read and waits for somebody to ask for it come and go at the rate of the
 * network, and left to the garbage collector they would pile up by tens of megabytes between its rounds.
 */
export function takeChunk(): Buffer {
  return free.pop() ?? Buffer.allocUnsafeSlow(POOLED_LENGTH)
}

/** Takes a chunk of {@link takeChunk} back, which nobody may use any more. */
export function giveChunkBack(chunk: Buffer): void {
  if (free.length < MAX_FREE) free.push(chunk)
}

const free: Buffer[] = []
/** What is worth holding on to. */
const MAX_FREE = 16
