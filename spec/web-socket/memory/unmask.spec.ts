import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from '@jest/globals'
import * as fc from 'fast-check'
import { BLOCK_LENGTH, loadUnmaskSimd } from '../../../lib/web-socket/memory/load-unmask-simd.ts'
import { readMemory, textMemory } from '../../../lib/web-socket/memory/shared-memory.ts'
import { unmask, unmaskByBytes, unmaskBySimd, unmaskInSharedMemory } from '../../../lib/web-socket/memory/unmask.ts'
import { assembleUnmaskSimd } from '../../../scripts/assemble-unmask-simd.ts'

/** The algorithm of RFC 6455, section 5.3. */
function unmaskAsWritten(source: Uint8Array, mask: number, maskOffset: number): Buffer {
  const key = Buffer.alloc(4)
  key.writeUInt32BE(mask)
  return Buffer.from(source.map((byte, index) => byte ^ (key[(maskOffset + index) % 4] ?? 0)))
}

const lengths = fc.oneof(fc.nat(40), fc.nat(2000), fc.integer({ min: BLOCK_LENGTH - 20, max: 2 * BLOCK_LENGTH + 40 }))
const masks = fc.integer({ min: 0, max: 0xffff_ffff })
const payloads = lengths.chain((length) =>
  fc.tuple(fc.infiniteStream(fc.nat(255)), fc.constantFrom(0x7f, 0xff)).map(([stream, highest]) => {
    const pattern = stream.take(257).map((byte) => byte & highest)
    const bytes = [...pattern]
    return Uint8Array.from({ length }, (_, index) => bytes[index % bytes.length] ?? 0)
  }),
)

describe('unmask', () => {
  it('follows RFC 6455 for any source and target offset, and reports whether the result is ASCII', () => {
    fc.assert(
      fc.property(payloads, masks, fc.nat(7), fc.nat(9), fc.nat(9), (payload, mask, maskOffset, sourceStart, targetStart) => {
        const source = Buffer.concat([Buffer.alloc(sourceStart, 0xee), payload, Buffer.alloc(5, 0xee)])
        const target = Buffer.alloc(targetStart + payload.length + 5, 0xdd)
        const isAscii = unmask(source, sourceStart, target, targetStart, payload.length, mask, maskOffset)
        const expected = unmaskAsWritten(payload, mask, maskOffset)
        expect(target.equals(Buffer.concat([Buffer.alloc(targetStart, 0xdd), expected, Buffer.alloc(5, 0xdd)]))).toBe(true)
        expect(isAscii).toBe(expected.every((byte) => byte < 0x80))
      }),
    )
  })

  it('detects a single non-ASCII byte at any position', () => {
    const places = lengths.filter((length) => length > 0).chain((length) => fc.tuple(fc.constant(length), fc.nat(length - 1)))
    fc.assert(
      fc.property(places, masks, ([length, place], mask) => {
        const masked = unmaskAsWritten(Buffer.alloc(length, 'a'), mask, 0)
        const target = Buffer.alloc(length)
        expect(unmask(masked, 0, target, 0, length, mask, 0)).toBe(true)
        masked.writeUInt8(masked.readUInt8(place) ^ 0x80, place)
        expect(unmask(masked, 0, target, 0, length, mask, 0)).toBe(false)
      }),
    )
  })

  it('works in place', () => {
    fc.assert(
      fc.property(payloads, masks, (payload, mask) => {
        const bytes = Buffer.from(payload)
        unmask(bytes, 0, bytes, 0, bytes.length, mask, 0)
        expect(bytes.equals(unmaskAsWritten(payload, mask, 0))).toBe(true)
      }),
    )
  })

  it('works in shared memory: it may overwrite the source, and nothing else', () => {
    fc.assert(
      fc.property(
        payloads,
        masks,
        fc.nat(7),
        fc.nat(40),
        fc.constantFrom('text', 'other'),
        (payload, mask, maskOffset, sourceStart, target) => {
          const length = Math.min(payload.length, readMemory.length - sourceStart)
          readMemory.fill(0xee).set(payload.subarray(0, length), sourceStart)
          const before = Buffer.from(readMemory)
          const to = target === 'text' ? textMemory.fill(0xdd) : Buffer.alloc(textMemory.length, 0xdd)
          const isAscii = unmaskInSharedMemory(readMemory, sourceStart, to, 0, length, mask, maskOffset)
          const expected = unmaskAsWritten(payload.subarray(0, length), mask, maskOffset)
          expect(to.equals(Buffer.concat([expected, Buffer.alloc(to.length - length, 0xdd)]))).toBe(true)
          expect(isAscii).toBe(expected.every((byte) => byte < 0x80))
          // If the target is not the shared text memory, the source may be overwritten.
          if (target === 'other') readMemory.copy(before, sourceStart, sourceStart, sourceStart + length)
          expect(readMemory.equals(before)).toBe(true)
        },
      ),
    )
  })

  it('produces the same bytes with and without SIMD', () => {
    const simd = loadUnmaskSimd()
    if (simd === undefined) throw new Error('Every supported Node has WebAssembly SIMD')
    fc.assert(
      fc.property(payloads, masks, (payload, key) => {
        const [byBytes, bySimd] = [Buffer.alloc(payload.length), Buffer.alloc(payload.length)]
        const isAscii = unmaskByBytes(payload, 0, byBytes, 0, payload.length, key)
        expect(unmaskBySimd(simd, payload, 0, bySimd, 0, payload.length, key)).toBe(isAscii)
        expect(bySimd.equals(byBytes)).toBe(true)
      }),
    )
  })
})

describe('unmask-simd-module.ts', () => {
  it('equals the assembled unmask-simd.wat', async () => {
    const folder = join(__dirname, '../../../lib/web-socket/memory')
    const text = readFileSync(join(folder, 'unmask-simd.wat'), 'utf8')
    expect(readFileSync(join(folder, 'unmask-simd-module.ts'), 'utf8')).toBe(await assembleUnmaskSimd(text))
  })
})
