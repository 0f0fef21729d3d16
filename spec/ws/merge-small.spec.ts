import { describe, expect, it } from '@jest/globals'
import { array, assert, nat, property } from 'fast-check'
import { mergeSmall } from '../../lib/ws/merge-small.ts'

describe('mergeSmall', () => {
  it('leaves few chunks and large chunks unchanged', () => {
    for (const chunks of [[], many(63, 1), many(1000, 256), [...many(63, 1), Buffer.alloc(256)]]) {
      const before = [...chunks]
      mergeSmall(chunks, 64)
      expect(chunks).toEqual(before)
    }
  })

  it('merges many small chunks at the end of the list', () => {
    const large = Buffer.alloc(256)
    const chunks = [...many(100, 1), large, ...many(64, 3)]
    mergeSmall(chunks, 64)
    expect(chunks.map(({ length }) => length)).toEqual([...many(100, 1).map(() => 1), 256, 192])
    expect(chunks[100]).toBe(large)
  })

  it('preserves the bytes and keeps the list short for any chunks', () => {
    assert(
      property(array(nat(300), { maxLength: 300 }), (lengths) => {
        const chunks: Buffer[] = []
        const all: Buffer[] = []
        for (const [index, length] of lengths.entries()) {
          const chunk = Buffer.alloc(length, index)
          all.push(chunk)
          chunks.push(chunk)
          mergeSmall(chunks, 64)
        }
        expect(Buffer.concat(chunks).equals(Buffer.concat(all))).toBe(true)
      }),
    )
    const chunks: Buffer[] = []
    for (let count = 0; count < 10_000; count++) {
      chunks.push(Buffer.alloc(1))
      mergeSmall(chunks, 64)
    }
    expect(chunks.length).toBeLessThan(100)
  })
})

function many(count: number, length: number): Buffer[] {
  return Array.from({ length: count }, () => Buffer.alloc(length))
}
