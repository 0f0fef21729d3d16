import { describe, expect, it } from '@jest/globals'
import * as fc from 'fast-check'
import { decodeLatin1, encodeUtf8 } from '../../lib/web-socket/buffer-internals.ts'
import { textMemory } from '../../lib/web-socket/shared-memory.ts'

const texts = fc.string({ unit: fc.integer({ min: 0, max: 0xffff }).map((unit) => String.fromCharCode(unit)), maxLength: 30 })

/** What Node has and does not document. If one of these fails, Node has changed, and `lib/web-socket/buffer-internals.ts` must follow. */
describe('the conversions that Buffer does not document', () => {
  it.each(['latin1Slice', 'utf8Write'])('%s is there', (name) => {
    expect(typeof Reflect.get(Buffer.prototype, name)).toBe('function')
  })

  it('decode every byte as toString() does, in any memory', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 300 }), fc.boolean(), (bytes, isShared) => {
        const memory = isShared ? textMemory : Buffer.alloc(300)
        memory.set(bytes)
        expect(decodeLatin1(memory, bytes.length)).toBe(Buffer.from(bytes).toString('latin1'))
      }),
    )
  })

  it('encode every string as write() does, halves of surrogates among them, and leave alone what lies beyond', () => {
    fc.assert(
      fc.property(texts, fc.nat(9), (text, start) => {
        const expected = Buffer.alloc(100, 1)
        const size = expected.write(text, start)
        const target = Buffer.alloc(100, 1)
        expect(encodeUtf8(text, target, start, 3 * text.length)).toBe(size)
        expect(target).toEqual(expected)
      }),
    )
  })
})
