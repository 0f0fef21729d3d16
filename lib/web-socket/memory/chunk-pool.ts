import { AREA_LENGTH } from './load-unmask-simd.ts'
import { chunkMemory, isInSharedMemory } from './shared-memory.ts'

/**
 * Lends memory for chunks, and takes it back: copies of what was read and waits for somebody to ask for it come and go at the rate of the
 * network, and left to the garbage collector they would pile up by tens of megabytes between its rounds. What can be had of shared memory is
 * lent first; for less than {@link MIN_POOLED_LENGTH} bytes there is nothing else, since a chunk of its own would be too much for them.
 */
export function takeChunk(length: number): Buffer | undefined {
  if (length > AREA_LENGTH) return undefined
  return sharedChunks.pop() ?? (length < MIN_POOLED_LENGTH ? undefined : (chunks.pop() ?? Buffer.allocUnsafeSlow(AREA_LENGTH)))
}

/** Takes a chunk of {@link takeChunk} back, which nobody may use any more. */
export function giveChunkBack(chunk: Buffer): void {
  if (isInSharedMemory(chunk)) sharedChunks.push(chunk)
  else if (chunks.length < MAX_FREE) chunks.push(chunk)
}

const sharedChunks = [...chunkMemory]
const chunks: Buffer[] = []
/** What is worth holding on to. */
const MAX_FREE = 16
const MIN_POOLED_LENGTH = 16_384
