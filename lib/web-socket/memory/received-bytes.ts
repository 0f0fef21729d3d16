import { returnChunk, takeChunk } from './chunk-pool.ts'
import { exactCopy } from './exact-copy.ts'
import { isInSharedMemory } from './shared-memory.ts'
import { unmask, unmaskInSharedMemory } from './unmask.ts'

/**
 * The bytes that have arrived and were not consumed yet: a queue of chunks. Bytes are addressed by their offset from the head of the queue. Many small
 * chunks are merged, so that a peer that sends single bytes costs no more memory than any other.
 */
export class ReceivedBytes {
  /** The number of waiting bytes. */
  length = 0
  #chunks: Uint8Array[] = []
  /** The position of the head in the first chunk. */
  #offset = 0
  /** The chunk that the pool has lent us, if any, and the part of it that is in the queue. */
  #pooled: Buffer | undefined
  #pooledPart: Uint8Array | undefined
  /** Whether that chunk is in shared memory. Stored, because reading the `buffer` of a chunk is slow. */
  #isPooledShared = false
  /** The last chunk if it is in shared memory. The next read overwrites it, so it is valid until {@link ReceivedBytes.keepLast}. */
  #borrowed: Uint8Array | undefined

  /** The chunk at the head of the queue. */
  get first(): Uint8Array | undefined {
    return this.#chunks[0]
  }

  /** The position of the head in that chunk. */
  get offset(): number {
    return this.#offset
  }

  push(chunk: Uint8Array): void {
    if (chunk.length === 0) return
    this.length += chunk.length
    if (isInSharedMemory(chunk)) this.#borrowed = chunk
    if (this.#chunks.push(chunk) > MAX_CHUNKS) this.#merge()
  }

  /** Copies the rest of the last chunk, because its owner reuses the memory. */
  keepLast(): void {
    this.#borrowed = undefined
    const last = this.#chunks.length - 1
    const chunk = this.#chunks[last]
    // The chunk of the pool is already a copy.
    if (chunk === undefined || chunk === this.#pooledPart) return
    const rest = last === 0 ? chunk.subarray(this.#offset) : chunk
    this.#chunks[last] = this.#copy(rest)
    if (last === 0) this.#offset = 0
  }

  /** Reduces the memory of the waiting bytes: copies chunks that keep a much larger buffer alive, and merges many small ones. */
  compact(): void {
    if (this.#chunks.length > MAX_WAITING_CHUNKS) return this.#merge()
    this.#chunks = this.#chunks.map((chunk) => {
      const isPart = chunk !== this.#pooledPart && chunk.buffer.byteLength > MAX_SURPLUS * chunk.length
      return isPart ? exactCopy(chunk) : chunk
    })
  }

  /** The byte at `index`, counted from the head. The caller must check `length` first. */
  at(index: number): number {
    const first = this.#chunks[0]
    const position = this.#offset + index
    if (first !== undefined && position < first.length) return first[position] ?? 0
    return this.#atLaterChunk(position)
  }

  uint32At(index: number): number {
    const first = this.#chunks[0]
    const position = this.#offset + index
    if (first !== undefined && position + 3 < first.length) {
      return (
        (((first[position] ?? 0) << 24) |
          ((first[position + 1] ?? 0) << 16) |
          ((first[position + 2] ?? 0) << 8) |
          (first[position + 3] ?? 0)) >>>
        0
      )
    }
    return ((this.at(index) << 24) | (this.at(index + 1) << 16) | (this.at(index + 2) << 8) | this.at(index + 3)) >>> 0
  }

  skip(count: number): void {
    this.length -= count
    let position = this.#offset + count
    let first = this.#chunks[0]
    while (first !== undefined && position >= first.length) {
      position -= first.length
      if (first === this.#pooledPart) this.#returnPooled()
      this.#chunks.shift()
      first = this.#chunks[0]
    }
    this.#offset = position
  }

  /** Removes `count` bytes, beginning `start` bytes behind the head. */
  remove(start: number, count: number): void {
    this.#copyOutOfPool()
    const chunks = this.#chunks
    let position = -this.#offset
    this.#chunks = []
    for (const chunk of chunks) {
      const from = Math.min(Math.max(start - position, 0), chunk.length)
      const to = Math.min(Math.max(start + count - position, 0), chunk.length)
      position += chunk.length
      if (from === to) {
        this.#chunks.push(chunk)
        continue
      }
      if (from > 0) this.#chunks.push(chunk.subarray(0, from))
      if (to < chunk.length) this.#chunks.push(chunk.subarray(to))
    }
    this.length -= count
    if (this.#chunks.length > MAX_CHUNKS) this.#merge()
    // If the bytes at the head were removed, the first chunk may have no unread bytes.
    this.skip(0)
  }

  /** Discards all bytes. */
  clear(): void {
    this.length = 0
    this.#returnPooled()
    this.#chunks = []
    this.#offset = 0
  }

  /**
   * Moves `count` bytes from the head into `target` and unmasks them; with `mask` 0 they stay unchanged. Only chunks in shared memory may be changed:
   * other code may also use the chunks of a Duplex.
   * @returns whether all resulting bytes are ASCII.
   */
  unmaskInto(target: Uint8Array, start: number, count: number, mask: number, maskOffset: number): boolean {
    let isAscii = true
    let done = 0
    while (done < count) {
      const first = this.#chunks[0]
      if (first === undefined) throw new RangeError('More bytes were asked for than were received')
      const part = Math.min(first.length - this.#offset, count - done)
      isAscii = this.unmaskOfFirst(first, this.#offset, target, start + done, part, mask, maskOffset + done) && isAscii
      this.skip(part)
      done += part
    }
    return isAscii
  }

  /** Calls `unmask` for bytes of the first chunk. The caller must skip them afterwards, because bytes in shared memory may be unmasked in place. */
  unmaskOfFirst(
    first: Uint8Array,
    from: number,
    target: Uint8Array,
    to: number,
    length: number,
    mask: number,
    maskOffset: number,
  ): boolean {
    const isInShared = first === this.#borrowed || (this.#isPooledShared && first === this.#pooledPart)
    return (isInShared ? unmaskInSharedMemory : unmask)(first, from, target, to, length, mask, maskOffset)
  }

  #atLaterChunk(position: number): number {
    let rest = position
    for (const chunk of this.#chunks) {
      if (rest < chunk.length) return chunk[rest] ?? 0
      rest -= chunk.length
    }
    throw new RangeError('More bytes were asked for than were received')
  }

  #copy(bytes: Uint8Array): Uint8Array {
    const pooled = this.#pooled === undefined ? takeChunk(bytes.length) : undefined
    if (pooled === undefined) return exactCopy(bytes)
    pooled.set(bytes)
    const part = pooled.subarray(0, bytes.length)
    this.#pooled = pooled
    this.#pooledPart = part
    this.#isPooledShared = isInSharedMemory(pooled)
    return part
  }

  #returnPooled(): void {
    if (this.#pooled !== undefined) returnChunk(this.#pooled)
    this.#pooled = undefined
    this.#pooledPart = undefined
  }

  /** Copies the bytes in the chunk of the pool, and returns the chunk. */
  #copyOutOfPool(): void {
    const part = this.#pooledPart
    if (part === undefined) return
    this.#chunks = this.#chunks.map((chunk) => (chunk === part ? exactCopy(chunk) : chunk))
    this.#returnPooled()
  }

  #merge(): void {
    const [first = EMPTY, ...rest] = this.#chunks
    const merged = Buffer.allocUnsafeSlow(this.length)
    let length = 0
    for (const chunk of [first.subarray(this.#offset), ...rest]) {
      merged.set(chunk, length)
      length += chunk.length
    }
    this.#chunks = [merged]
    this.#offset = 0
    this.#returnPooled()
  }
}

/** The maximum number of chunks while the application receives and so consumes them soon. */
const MAX_CHUNKS = 64
/** The maximum number of chunks otherwise. A chunk takes some 350 bytes besides its data. */
const MAX_WAITING_CHUNKS = 8
/** A chunk is copied if its buffer is longer than the chunk by this factor. */
const MAX_SURPLUS = 2
const EMPTY = new Uint8Array(0)
