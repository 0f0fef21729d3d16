import { describe, expect, it } from '@jest/globals'
import { array, assert, property, uint8Array } from 'fast-check'
import { GatheredBytes } from '../../../lib/web-socket/memory/gathered-bytes.ts'

describe('GatheredBytes', () => {
  it('returns what was pushed, in order, and starts afresh', () => {
    assert(
      property(array(uint8Array({ maxLength: 700 }), { maxLength: 20 }), (chunks) => {
        const bytes = new GatheredBytes()
        for (let round = 0; round < 2; round++) {
          for (const chunk of chunks) bytes.push(chunk)
          const all = Buffer.concat(chunks)
          expect(bytes.length).toBe(all.length)
          expect(bytes.take()).toEqual(all)
          expect(bytes.length).toBe(0)
        }
      }),
    )
  })

  it('uses at most twice the memory of its content, even if the chunks are slices of larger buffers', () => {
    const bytes = new GatheredBytes()
    const large = Buffer.alloc(65_536, 'a')
    for (let count = 0; count < 5000; count++) bytes.push(large.subarray(count, count + 1))
    const taken = bytes.take()
    expect(taken).toHaveLength(5000)
    expect(taken.buffer.byteLength).toBeLessThanOrEqual(2 * 5000)
  })
})
