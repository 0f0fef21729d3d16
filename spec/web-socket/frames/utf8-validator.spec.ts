import { describe, expect, it } from '@jest/globals'
import * as fc from 'fast-check'
import { isUtf8 } from 'node:buffer'
import { Utf8Validator } from '../../../lib/web-socket/frames/utf8-validator.ts'

const valid: Record<string, string> = {
  nothing: '',
  ASCII: '48 65 6c 6c 6f',
  NUL: '00',
  'the last of one byte': '7f',
  'the first of two bytes': 'c2 80',
  'the last of two bytes': 'df bf',
  'the first of three bytes': 'e0 a0 80',
  'the last before the surrogates': 'ed 9f bf',
  'the first after the surrogates': 'ee 80 80',
  'a noncharacter': 'ef bf bf',
  'the byte order mark': 'ef bb bf',
  'the first of four bytes': 'f0 90 80 80',
  'the last of all': 'f4 8f bf bf',
  'characters of every length': '24 c2 a3 e2 82 ac f0 90 8d 88',
  'Greek, as Autobahn has it': 'ce ba e1 bd b9 cf 83 ce bc ce b5',
}

/** The number behind the bar is how many bytes can still be the start of a valid text. */
const invalid: Record<string, string> = {
  'a lone continuation': '80 | 0',
  'a lone last continuation': 'bf | 0',
  'text and a lone continuation': '61 62 80 63 | 2',
  'an overlong of two bytes': 'c0 80 | 0',
  'an overlong solidus': 'c0 af | 0',
  'the last overlong of two bytes': 'c1 bf | 0',
  'an overlong of three bytes': 'e0 80 80 | 1',
  'the last overlong of three bytes': 'e0 9f bf | 1',
  'an overlong of four bytes': 'f0 80 80 80 | 1',
  'the last overlong of four bytes': 'f0 8f bf bf | 1',
  'the first surrogate': 'ed a0 80 | 1',
  'the last surrogate': 'ed bf bf | 1',
  'a pair of surrogates': 'ed a0 bd ed b8 80 | 1',
  'the first above U+10FFFF': 'f4 90 80 80 | 1',
  'a lead of five bytes': 'f8 88 80 80 80 | 0',
  'a lead of six bytes': 'fc 84 80 80 80 80 | 0',
  'a lead above F4': 'f5 80 80 80 | 0',
  FE: 'fe | 0',
  FF: 'ff | 0',
  'two bytes, broken off by text': 'c2 41 | 1',
  'three bytes, broken off by text': 'e2 82 41 | 2',
  'three bytes, broken off by a lead': 'e2 c2 a3 | 1',
  'four bytes, broken off by text': 'f0 90 8d 41 | 3',
  'four bytes with a wrong third': 'f0 90 41 88 | 2',
  'one continuation too many': 'c2 a3 80 | 2',
}

const truncated: Record<string, string> = {
  'two bytes without the last': 'c2',
  'three bytes without the last two': 'e2',
  'three bytes without the last': 'e2 82',
  'four bytes without the last three': 'f0',
  'four bytes without the last two': 'f0 90',
  'four bytes without the last': '61 f0 90 8d',
}

describe('Utf8Validator', () => {
  it.each(Object.entries(valid))('accepts %s, in every split', (_, hex) => {
    const bytes = parse(hex)

    for (const pieces of splits(bytes)) expect([pieces, validate(pieces)]).toEqual([pieces, true])
  })

  it.each(Object.entries(invalid))('rejects %s, in every split', (_, row) => {
    const bytes = parse(row)

    for (const pieces of splits(bytes)) expect(validate(pieces)).toBe(false)
  })

  it.each(Object.entries(invalid))('rejects %s at its first invalid byte', (_, row) => {
    const bytes = parse(row)
    const goodLength = Number(row.split('|')[1])
    const validator = new Utf8Validator()

    for (const [index] of bytes.entries()) {
      if (index > goodLength) return
      expect([index, validator.write(bytes, index, index + 1, false)]).toEqual([index, index < goodLength])
    }
  })

  it.each(Object.entries(truncated))('rejects %s only at the end of the message', (_, hex) => {
    for (const pieces of splits(parse(hex))) {
      const validator = new Utf8Validator()

      expect(pieces.map((piece) => validator.write(piece, 0, piece.length, false)).every(Boolean)).toBe(true)
      expect(validator.end()).toBe(false)
    }
  })

  it('starts afresh after the end of a message', () => {
    const validator = new Utf8Validator()
    validator.write(Buffer.of(0xe2), 0, 1, false)
    validator.end()

    expect(validator.write(Buffer.from('text'), 0, 4, true)).toBe(true)
    expect(validator.end()).toBe(true)
  })

  it("reads nothing outside its range, and keeps no reference to the caller's memory", () => {
    const validator = new Utf8Validator()
    const buffer = Buffer.from('ffe282ff', 'hex')

    expect(validator.write(buffer, 1, 3, false)).toBe(true)
    buffer.fill(0)
    expect(validator.write(Buffer.from('ffacff', 'hex'), 1, 2, false)).toBe(true)
    expect(validator.end()).toBe(true)
  })

  it('rejects ASCII within a character, even if the caller says that it is ASCII', () => {
    const validator = new Utf8Validator()
    validator.write(Buffer.of(0xe2), 0, 1, false)

    expect(validator.write(Buffer.from('a'), 0, 1, true)).toBe(false)
  })

  it('agrees with Node on any bytes, split anywhere', () => {
    const byte = fc.oneof(fc.nat(255), fc.constantFrom(0xc2, 0xe0, 0xe2, 0xed, 0xf0, 0xf4, 0x80, 0x8f, 0x90, 0x9f, 0xa0, 0xbf, 0x41))
    const text = fc.oneof(
      fc.array(byte, { maxLength: 12 }).map((bytes) => Buffer.from(bytes)),
      fc.string({ unit: 'binary', maxLength: 8 }).map((string) => Buffer.from(string)),
    )
    fc.assert(
      fc.property(text, fc.array(fc.nat(12), { maxLength: 5 }), (bytes, cuts) => {
        expect(validate(cutAt(bytes, cuts))).toBe(isUtf8(bytes))
      }),
      { numRuns: 2000 },
    )
  })
})

function parse(row: string): Buffer {
  return Buffer.from((row.split('|')[0] ?? '').replaceAll(' ', ''), 'hex')
}

/** Every way to cut bytes into pieces, and some of them with an empty piece in between. */
function splits(bytes: Buffer): Buffer[][] {
  const gaps = Math.max(0, bytes.length - 1)
  const all = Array.from({ length: 2 ** Math.min(gaps, 10) }, (_, pattern) =>
    cutAt(
      bytes,
      Array.from({ length: gaps }, (_gap, index) => index + 1).filter((cut) => (pattern & (1 << (cut - 1))) !== 0),
    ),
  )
  return [...all, ...all.map((parts) => parts.flatMap((part) => [part, Buffer.alloc(0)]))]
}

function cutAt(bytes: Buffer, cuts: readonly number[]): Buffer[] {
  const places = [0, ...cuts.map((cut) => Math.min(cut, bytes.length)).toSorted((a, b) => a - b), bytes.length]
  return places.slice(1).map((end, index) => bytes.subarray(places[index], end))
}

function validate(parts: readonly Buffer[]): boolean {
  const validator = new Utf8Validator()
  return (
    parts.every((part) =>
      validator.write(
        part,
        0,
        part.length,
        part.every((byte) => byte < 0x80),
      ),
    ) && validator.end()
  )
}
