import { giveChunkBack, takeChunk } from './chunk-pool.ts'
import { exactCopy } from './exact-copy.ts'
import { isInSharedMemory } from './shared-memory.ts'
import { unmask, unmaskInSharedMemory } from './unmask.ts'

/**
 * The bytes that have arrived and were not consumed yet: a queue of chunks, read by offset from its head.
 * Many tiny chunks are merged, so that a peer that sends single bytes costs no more memory than one that does not.
 */
export class ReceivedBytes {
  /** How many bytes wait. */
  length = 0
  #chunks: Uint8Array[] = []
  /** Where the head of the queue is in the first chunk. */
  #offset = 0
  /** The one chunk whose memory is lent to us, and the part of it that is in the queue. */
  #pooled: Buffer | undefined
  #pooledPart: Uint8Array | undefined
  /** Noted, since asking for the buffer of a chunk is slow. */
  #isPooledShared = false
  /** The last chunk, if it lies in memory that is not ours, until {@link ReceivedBytes.keepLast}. */
  #borrowed: Uint8Array | undefined

  /** The chunk at the head of the queue. */
  get first(): Uint8Array | undefined {
    return this.#chunks[0]
  }

  /** Where the head of the queue is in it. */
  get offset(): number {
    return this.#offset
  }

  push(chunk: Uint8Array): void {
    if (chunk.length === 0) return
    this.length += chunk.length
    if (isInSharedMemory(chunk)) this.#borrowed = chunk
    if (this.#chunks.push(chunk) > MAX_CHUNKS) this.#merge()
  }

  /** Copies what is left of the last chunk, whose memory goes back to its owner. */
  keepLast(): void {
    this.#borrowed = undefined
    const last = this.#chunks.length - 1
    const chunk = this.#chunks[last]
    // What is lent to us is kept already.
    if (chunk === undefined || chunk === this.#pooledPart) return
    const rest = last === 0 ? chunk.subarray(this.#offset) : chunk
    this.#chunks[last] = this.#copy(rest)
    if (last === 0) this.#offset = 0
  }

  /** Makes what is there take little more memory than its length: chunks that are parts of more are copied, many small ones merged. */
  keepNoMore(): void {
    if (this.#chunks.length > MAX_WAITING_CHUNKS) return this.#merge()
    this.#chunks = this.#chunks.map((chunk) => {
      const isPart = chunk !== this.#pooledPart && chunk.buffer.byteLength > MAX_SURPLUS * chunk.length
      return isPart ? exactCopy(chunk) : chunk
    })
  }

  /** The byte at `index`, counted from the head. The caller has checked `length`. */
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
      if (first === this.#pooledPart) this.#giveBack()
      this.#chunks.shift()
      first = this.#chunks[0]
    }
    this.#offset = position
  }

  /** Takes `count` bytes out, beginning `start` behind the head. */
  remove(start: number, count: number): void {
    this.#leavePool()
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
    // The head itself may have been taken out.
    this.skip(0)
  }

  /** Drops everything. */
  clear(): void {
    this.length = 0
    this.#giveBack()
    this.#chunks = []
    this.#offset = 0
  }

  /**
   * Moves `count` bytes into `target`, unmasking them on the way (`mask` 0: as they are), and tells whether all were ASCII.
   * The received chunk itself is not changed unless we own it: other code may also use the memory of a Duplex.
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

  /** `unmask` for bytes of `first`, which the caller skips after it: if they lie in shared memory, they may be unmasked where they are. */
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

  #giveBack(): void {
    if (this.#pooled !== undefined) giveChunkBack(this.#pooled)
    this.#pooled = undefined
    this.#pooledPart = undefined
  }

  /** Copies what lies in the memory that is lent to us, and gives that back. */
  #leavePool(): void {
    const part = this.#pooledPart
    if (part === undefined) return
    this.#chunks = this.#chunks.map((chunk) => (chunk === part ? exactCopy(chunk) : chunk))
    this.#giveBack()
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
    this.#giveBack()
  }
}

/** While the application reads, the chunks leave soon. */
const MAX_CHUNKS = 64
/** A chunk takes some 350 bytes beside what is in it. */
const MAX_WAITING_CHUNKS = 8
/** Times the length of a chunk. */
const MAX_SURPLUS = 2
const EMPTY = new Uint8Array(0)
