import { AREA_LENGTH } from './load-unmask-simd.ts'
import { chunkMemory, isInSharedMemory } from './shared-memory.ts'

/**
 * Lends memory for chunks and takes it back. Copies of unrequested data come and go at the rate of the network, and tens of megabytes of them would
 * accumulate between two garbage collections. Shared memory is lent first. For less than {@link MIN_POOLED_LENGTH} bytes it is the only choice,
 * because a separate chunk would be too large for them.
 */
export function takeChunk(length: number): Buffer | undefined {
  if (length > AREA_LENGTH) return undefined
  return sharedChunks.pop() ?? (length < MIN_POOLED_LENGTH ? undefined : (chunks.pop() ?? Buffer.allocUnsafeSlow(AREA_LENGTH)))
}

/** Takes back a chunk of {@link takeChunk}. No code may use it afterwards. */
export function giveChunkBack(chunk: Buffer): void {
  if (isInSharedMemory(chunk)) sharedChunks.push(chunk)
  else if (chunks.length < MAX_FREE) chunks.push(chunk)
}

const sharedChunks = [...chunkMemory]
const chunks: Buffer[] = []
/** What is worth holding on to. */
const MAX_FREE = 16
const MIN_POOLED_LENGTH = 16_384
