import { AREA_LENGTH } from './load-unmask-simd.ts'
import { chunkMemory, isInSharedMemory } from './shared-memory.ts'

/**
 * Lends a chunk of memory for `length` bytes of unread data. Copies of unread data come and go at the rate of the network; without a pool, tens of
 * megabytes of them would accumulate between two garbage collections. Shared memory is lent first.
 * @returns `undefined` if the data is too long for a chunk, or if it is short and no shared memory is free.
 */
export function takeChunk(length: number): Buffer | undefined {
  if (length > AREA_LENGTH) return undefined
  return sharedChunks.pop() ?? (length < MIN_POOLED_LENGTH ? undefined : (chunks.pop() ?? Buffer.allocUnsafeSlow(AREA_LENGTH)))
}

/** Takes back a chunk of {@link takeChunk}. No code may use it afterwards. */
export function returnChunk(chunk: Buffer): void {
  if (isInSharedMemory(chunk)) sharedChunks.push(chunk)
  else if (chunks.length < MAX_FREE) chunks.push(chunk)
}

const sharedChunks = [...chunkMemory]
const chunks: Buffer[] = []
/** The maximum number of free chunks that are kept, besides shared memory. */
const MAX_FREE = 16
/** Bytes. For shorter data, a chunk outside of shared memory would be too large. */
const MIN_POOLED_LENGTH = 16_384
