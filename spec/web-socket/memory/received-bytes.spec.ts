import { describe, expect, it } from '@jest/globals'
import * as fc from 'fast-check'
import { returnChunk, takeChunk } from '../../../lib/web-socket/memory/chunk-pool.ts'
import { AREA_LENGTH } from '../../../lib/web-socket/memory/load-unmask-simd.ts'
import { ReceivedBytes } from '../../../lib/web-socket/memory/received-bytes.ts'
import { chunkMemory, readMemory } from '../../../lib/web-socket/memory/shared-memory.ts'

describe('ReceivedBytes', () => {
  it('reads across chunks of any size', () => {
    fc.assert(
      fc.property(fc.array(fc.uint8Array({ maxLength: 5 }), { maxLength: 200 }), fc.array(fc.nat(7)), (chunks, steps) => {
        const bytes = filled(chunks)
        let expected = Buffer.concat(chunks)
        for (const step of steps) {
          const count = Math.min(step, expected.length)
          const target = Buffer.alloc(count)
          bytes.unmaskInto(target, 0, count, 0, 0)

          expect(target.equals(expected.subarray(0, count))).toBe(true)
          expected = expected.subarray(count)
          expect(contents(bytes)).toEqual(expected)
        }
      }),
    )
  })

  it('removes bytes from the middle', () => {
    fc.assert(
      fc.property(
        fc.array(fc.uint8Array({ maxLength: 5 }), { maxLength: 100 }),
        fc.array(fc.tuple(fc.nat(9), fc.nat(50), fc.nat(9)), { maxLength: 30 }),
        (chunks, steps) => {
          const bytes = filled(chunks)
          let expected = Buffer.concat(chunks)
          for (const [skipped, start, count] of steps) {
            if (skipped + start + count > expected.length) continue
            bytes.skip(skipped)
            expected = expected.subarray(skipped)
            bytes.remove(start, count)
            expected = Buffer.concat([expected.subarray(0, start), expected.subarray(start + count)])
            expect(contents(bytes)).toEqual(expected)
          }
        },
      ),
    )
  })

  it('uses at most twice the memory of its content if the chunks are small slices', () => {
    const memory = Buffer.alloc(65_536, 'abc')
    const bytes = filled(Array.from({ length: 5 }, (_, index) => memory.subarray(index * 60, index * 60 + 60)))
    bytes.skip(10)
    bytes.compact()
    expect(bytes.first?.buffer.byteLength).toBe(60)
    expect(contents(bytes)).toEqual(memory.subarray(10, 300))
  })

  const steps = fc.record({
    queue: fc.nat(1),
    length: fc.constantFrom(1, 100, 300, 20_000, AREA_LENGTH),
    filling: fc.nat(255),
    read: fc.double({ max: 1, min: 0, noNaN: true }),
    removed: fc.constantFrom(0, 0, 0, 7),
  })

  it.each([
    ['of the caller', Buffer.alloc(AREA_LENGTH)],
    ['that all sockets share for reading', readMemory],
  ])('copies the rest of borrowed memory %s, possibly into lent memory, which it returns', (_whose, borrowed) => {
    fc.assert(
      fc.property(fc.array(steps, { maxLength: 60 }), masks, (plan, mask) => {
        // Two queues, so that one gets the memory that the other returns.
        const queues = [new Queue(mask), new Queue(mask)]
        for (const { queue, length, filling, read, removed } of plan) {
          queues[queue]?.push(borrowed.subarray(0, length).fill(filling))
          expect(queues[queue]?.isRight(read / 2)).toBe(true)
          queues[queue]?.bytes.keepLast()
          borrowed.fill(0xee)
          queues[queue]?.remove(removed)
          expect(queues[queue]?.isRight(read)).toBe(true)
        }
        for (const { bytes } of queues) bytes.clear()
        expect(lendableChunks()).toBe(chunkMemory.length)
      }),
    )
  })

  it('returns lent memory after reading it, even if it was told to keep it several times', () => {
    const bytes = filled([readMemory.subarray(0, 100)])
    bytes.keepLast()
    bytes.keepLast()
    expect(lendableChunks()).toBe(chunkMemory.length - 1)
    bytes.skip(100)
    expect(lendableChunks()).toBe(chunkMemory.length)
  })

  it('reports whether the bytes that it moves are ASCII', () => {
    const bytes = filled([Buffer.from('abc'), Buffer.of(0x80), Buffer.from('def')])
    const target = Buffer.alloc(7)

    expect(bytes.unmaskInto(target, 0, 3, 0, 0)).toBe(true)
    expect(bytes.unmaskInto(target, 3, 2, 0, 0)).toBe(false)
    expect(bytes.unmaskInto(target, 5, 2, 0, 0)).toBe(true)
  })

  it('does not modify the chunks', () => {
    const chunk = Buffer.from('masked')
    const bytes = filled([chunk])
    bytes.unmaskInto(Buffer.alloc(6), 0, 6, 0x01_02_03_04, 0)

    expect(chunk.toString()).toBe('masked')
  })

  it('holds any number of single bytes', () => {
    const bytes = filled(Array.from({ length: 10_000 }, (_, index) => Buffer.of(index & 0xff)))

    expect(contents(bytes)).toEqual(Buffer.from(Array.from({ length: 10_000 }, (_, index) => index & 0xff)))
  })

  it('holds nothing after clear()', () => {
    const bytes = filled([Buffer.from('abc')])
    bytes.skip(1)
    bytes.clear()
    bytes.push(Buffer.from('xyz'))

    expect(contents(bytes)).toEqual(Buffer.from('xyz'))
  })

  it('throws an error if more bytes are requested than it holds', () => {
    const bytes = filled([Buffer.from('abc')])

    expect(() => bytes.at(3)).toThrow(RangeError)
    expect(() => bytes.unmaskInto(Buffer.alloc(4), 0, 4, 0, 0)).toThrow(RangeError)
  })
})

const masks = fc.integer({ min: 0, max: 0xffff_ffff })

/** Received bytes, and the bytes that are expected. */
class Queue {
  readonly bytes = new ReceivedBytes()
  readonly #mask: number
  #expected = Buffer.alloc(0)
  #taken = 0

  constructor(mask: number) {
    this.#mask = mask
  }

  push(chunk: Buffer): void {
    this.bytes.push(chunk)
    this.#expected = Buffer.concat([this.#expected, chunk])
  }

  /** Removes `count` bytes after the first one. */
  remove(count: number): void {
    if (count === 0 || this.bytes.length <= count) return
    this.bytes.remove(1, count)
    this.#expected = Buffer.concat([this.#expected.subarray(0, 1), this.#expected.subarray(1 + count)])
  }

  /** Reads and unmasks a part of the bytes. Returns whether they are as expected. */
  isRight(part: number): boolean {
    const target = Buffer.alloc(Math.floor(this.bytes.length * part))
    this.bytes.unmaskInto(target, 0, target.length, this.#mask, this.#taken)
    const key = Buffer.alloc(4)
    key.writeUInt32BE(this.#mask)
    const expected = this.#expected.subarray(0, target.length).map((byte, index) => byte ^ (key[(this.#taken + index) % 4] ?? 0))
    this.#expected = this.#expected.subarray(target.length)
    this.#taken += target.length
    return target.equals(expected)
  }
}

/** The number of shared chunks that are not in use. */
function lendableChunks(): number {
  const lent: Buffer[] = []
  for (let chunk = takeChunk(1); chunk !== undefined; chunk = takeChunk(1)) lent.push(chunk)
  for (const chunk of lent) returnChunk(chunk)
  return lent.length
}

function filled(chunks: readonly Uint8Array[]): ReceivedBytes {
  const bytes = new ReceivedBytes()
  for (const chunk of chunks) bytes.push(chunk)
  return bytes
}

function contents(bytes: ReceivedBytes): Buffer {
  return Buffer.from(Array.from({ length: bytes.length }, (_, index) => bytes.at(index)))
}
