import { describe, expect, it } from '@jest/globals'
import * as fc from 'fast-check'
import { ReceivedBytes } from '../../lib/web-socket/received-bytes.ts'

describe('ReceivedBytes', () => {
  it('reads across chunks, whatever their sizes', () => {
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

  it('takes bytes out of the middle', () => {
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

  it('keeps what is left of borrowed memory, also in memory that it borrows itself', () => {
    const shared = Buffer.alloc(65_536)
    // Two queues, so that what one gives back the other gets.
    const queues = [new ReceivedBytes(), new ReceivedBytes()]
    const expected = [Buffer.alloc(0), Buffer.alloc(0)]
    fc.assert(
      fc.property(
        fc.array(
          fc.record({
            queue: fc.nat(1),
            length: fc.constantFrom(1, 100, 20_000, 65_536),
            read: fc.double({ max: 1, min: 0, noNaN: true }),
            filling: fc.nat(255),
          }),
          {
            maxLength: 60,
          },
        ),
        (steps) => {
          for (const { queue, length, read, filling } of steps) {
            const bytes = queues[queue]
            if (bytes === undefined) continue
            bytes.push(shared.subarray(0, length).fill(filling))
            expected[queue] = Buffer.concat([expected[queue] ?? Buffer.alloc(0), Buffer.alloc(length, filling)])
            for (const part of [read / 2, read]) {
              const target = Buffer.alloc(Math.floor(bytes.length * part))
              bytes.unmaskInto(target, 0, target.length, 0, 0)
              expect(target.equals(expected[queue].subarray(0, target.length))).toBe(true)
              expected[queue] = expected[queue].subarray(target.length)
              if (part === read / 2) bytes.keepLast()
            }
            shared.fill(0xee)
          }
        },
      ),
    )
  })

  it('tells whether what it moves is ASCII', () => {
    const bytes = filled([Buffer.from('abc'), Buffer.of(0x80), Buffer.from('def')])
    const target = Buffer.alloc(7)

    expect(bytes.unmaskInto(target, 0, 3, 0, 0)).toBe(true)
    expect(bytes.unmaskInto(target, 3, 2, 0, 0)).toBe(false)
    expect(bytes.unmaskInto(target, 5, 2, 0, 0)).toBe(true)
  })

  it('leaves the chunks as they were', () => {
    const chunk = Buffer.from('masked')
    const bytes = filled([chunk])
    bytes.unmaskInto(Buffer.alloc(6), 0, 6, 0x01_02_03_04, 0)

    expect(chunk.toString()).toBe('masked')
  })

  it('holds any number of single bytes', () => {
    const bytes = filled(Array.from({ length: 10_000 }, (_, index) => Buffer.of(index & 0xff)))

    expect(contents(bytes)).toEqual(Buffer.from(Array.from({ length: 10_000 }, (_, index) => index & 0xff)))
  })

  it('holds nothing after it was cleared', () => {
    const bytes = filled([Buffer.from('abc')])
    bytes.skip(1)
    bytes.clear()
    bytes.push(Buffer.from('xyz'))

    expect(contents(bytes)).toEqual(Buffer.from('xyz'))
  })

  it('throws when asked for more than it has', () => {
    const bytes = filled([Buffer.from('abc')])

    expect(() => bytes.at(3)).toThrow(RangeError)
    expect(() => bytes.unmaskInto(Buffer.alloc(4), 0, 4, 0, 0)).toThrow(RangeError)
  })
})

function filled(chunks: readonly Uint8Array[]): ReceivedBytes {
  const bytes = new ReceivedBytes()
  for (const chunk of chunks) bytes.push(chunk)
  return bytes
}

function contents(bytes: ReceivedBytes): Buffer {
  return Buffer.from(Array.from({ length: bytes.length }, (_, index) => bytes.at(index)))
}
