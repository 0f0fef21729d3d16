import { describe, expect, it, jest } from '@jest/globals'
import * as fc from 'fast-check'
import * as direct from '../../../lib/web-socket/memory/buffer-internals.ts'
import { textMemory } from '../../../lib/web-socket/memory/shared-memory.ts'

const texts = fc.string({ unit: fc.integer({ min: 0, max: 0xffff }).map((unit) => String.fromCharCode(unit)), maxLength: 30 })

/** Contract of undocumented members of Buffer. If it fails, adapt `lib/web-socket/memory/buffer-internals.ts` to the new Node. */
it.each(['latin1Slice', 'utf8Write'])('Buffer has %s', (name) => {
  expect(typeof Reflect.get(Buffer.prototype, name)).toBe('function')
})

describe.each([
  ['with the undocumented methods of Buffer', direct],
  ['without', loadWithoutInternals()],
])('the conversions, %s,', (_, { decodeLatin1, encodeUtf8 }) => {
  it('decode every byte as toString() does, in any memory', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 300 }), fc.boolean(), (bytes, isShared) => {
        const memory = isShared ? textMemory : Buffer.alloc(300)
        memory.set(bytes)
        expect(decodeLatin1(memory, bytes.length)).toBe(Buffer.from(bytes).toString('latin1'))
      }),
    )
  })

  it('encode every string as write() does, lone surrogates included, and write nothing beyond', () => {
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

/** Simulates a Node without these methods. They are restored at once, because Buffer's documented methods use them. */
function loadWithoutInternals(): typeof direct {
  const { latin1Slice, utf8Write } = Object.getOwnPropertyDescriptors(Buffer.prototype) as Record<string, PropertyDescriptor>
  let loaded = direct
  jest.isolateModules(() => {
    Reflect.deleteProperty(Buffer.prototype, 'latin1Slice')
    Reflect.deleteProperty(Buffer.prototype, 'utf8Write')
    try {
      loaded = jest.requireActual<typeof direct>('../../../lib/web-socket/memory/buffer-internals.ts')
    } finally {
      Object.defineProperties(Buffer.prototype, { ...(latin1Slice && { latin1Slice }), ...(utf8Write && { utf8Write }) })
    }
  })
  if (loaded === direct) throw new Error('The module was not loaded anew')
  return loaded
}
