import { describe, expect, it } from '@jest/globals'
import { FrameHeader, HeaderOutcome } from '../../../lib/web-socket/frames/frame-header.ts'
import { ReceivedBytes } from '../../../lib/web-socket/memory/received-bytes.ts'
import { rawFrame } from '../../support/raw-frames.ts'
import type { RawFrameOptions } from '../../support/raw-frames.ts'

const { Complete, NeedsMore, Violation } = HeaderOutcome

describe('FrameHeader', () => {
  it.each([
    { length: 0n, size: 6 },
    { length: 125n, size: 6 },
    { length: 126n, size: 8 },
    { length: 65_535n, size: 8 },
    { length: 65_536n, size: 14 },
    { length: 2n ** 32n, size: 14 },
    { length: 2n ** 53n - 1n, size: 14 },
  ])('parses a length of $length', ({ length, size }) => {
    const mask = Buffer.from([0xf1, 2, 3, 4])
    const header = parsed(rawFrame(2, '', { announcedLength: length, mask }))

    expect(header.outcome).toBe(Complete)
    expect(header.length).toBe(Number(length))
    expect(header.size).toBe(size)
    expect(header.mask).toBe(0xf1_02_03_04)
  })

  it('reads a length of 2^53 or more as Infinity', () => {
    const header = parsed(rawFrame(2, '', { announcedLength: 2n ** 53n }))

    expect(header.outcome).toBe(Complete)
    expect(header.length).toBe(Infinity)
  })

  it('parses an unmasked header behind other bytes, in chunks of one byte', () => {
    const bytes = new ReceivedBytes()
    for (const byte of [0xaa, 0xbb, ...rawFrame(1, 'x'.repeat(300), { mask: false, isFinal: false })]) bytes.push(Buffer.of(byte))
    const header = new FrameHeader()

    expect(header.parse(bytes, 2, false, false)).toBe(Complete)
    expect(header).toMatchObject({ isFinal: false, isCompressed: false, opcode: 1, length: 300, mask: 0, size: 4 })
  })

  it.each([rawFrame(2, 'abc'), rawFrame(2, Buffer.alloc(126)), rawFrame(2, Buffer.alloc(65_536)), rawFrame(2, '', { mask: false })])(
    'needs more bytes for a header that is cut anywhere (frame %#)',
    (frame) => {
      const isMasked = (frame[1] ?? 0) >= 0x80
      const { size } = parsed(frame, isMasked)

      for (let length = 0; length < size; length++) expect(parsed(frame.subarray(0, length), isMasked).outcome).toBe(NeedsMore)
      expect(parsed(frame.subarray(0, size), isMasked).outcome).toBe(Complete)
    },
  )

  const rules: [name: string, opcode: number, options: RawFrameOptions, bytesNeeded: number, message: RegExp][] = [
    ['RSV2', 1, { reserved: 2 }, 2, /reserved bits/],
    ['RSV3', 1, { reserved: 1 }, 2, /reserved bits/],
    ['RSV3 of a Ping', 9, { reserved: 1 }, 2, /reserved bits/],
    ['RSV1 without compression', 1, { reserved: 4 }, 2, /not negotiated/],
    ['RSV1 of a Ping', 9, { reserved: 4 }, 2, /not negotiated/],
    ['an unmasked frame', 1, { mask: false }, 2, /unmasked/],
    ...[3, 4, 5, 6, 7, 11, 12, 13, 14, 15].map((opcode): [string, number, RawFrameOptions, number, RegExp] => [
      `opcode ${opcode}`,
      opcode,
      {},
      2,
      /unknown opcode/,
    ]),
    ['a fragmented Ping', 9, { isFinal: false }, 2, /fragmented control/],
    ['a fragmented Close', 8, { isFinal: false }, 2, /fragmented control/],
    ['a Ping of 126 bytes', 9, { announcedLength: 126n }, 2, /more than 125/],
    ['a Close of 65,536 bytes', 8, { announcedLength: 65_536n }, 2, /more than 125/],
    ['a 16-bit length of 125', 2, { announcedLength: 125n, extendedLengthSize: 2 }, 4, /more bytes than needed/],
    ['a 64-bit length of 125', 2, { announcedLength: 125n, extendedLengthSize: 8 }, 10, /more bytes than needed/],
    ['a 64-bit length of 65,535', 2, { announcedLength: 65_535n, extendedLengthSize: 8 }, 10, /more bytes than needed/],
    ['a length of 2^63', 2, { announcedLength: 2n ** 63n }, 10, /most significant/],
    ['a length of all ones', 2, { announcedLength: 2n ** 64n - 1n }, 10, /most significant/],
  ]

  it.each(rules)('rejects %s as soon as the header shows it', (_, opcode, options, bytesNeeded, message) => {
    const frame = rawFrame(opcode, '', options)
    const header = parsed(frame.subarray(0, bytesNeeded))

    expect(parsed(frame.subarray(0, bytesNeeded - 1)).outcome).toBe(NeedsMore)
    expect(header.outcome).toBe(Violation)
    expect(header.violation).toMatch(message)
  })

  it('rejects a masked frame of a server', () => {
    expect(parsed(rawFrame(1, 'text'), false).violation).toMatch(/masked/)
  })

  it('rejects RSV1 on a control frame and accepts it on data if compression is negotiated', () => {
    expect(parsed(rawFrame(9, '', { reserved: 4 }), true, true).violation).toMatch(/compressed control/)
    expect(parsed(rawFrame(1, '', { reserved: 4 }), true, true)).toMatchObject({ outcome: Complete, isCompressed: true })
  })
})

function parsed(frame: Uint8Array, isMaskExpected = true, isCompressionAgreed = false): FrameHeader & { readonly outcome: HeaderOutcome } {
  const bytes = new ReceivedBytes()
  bytes.push(frame)
  const header = new FrameHeader()
  return Object.assign(header, { outcome: header.parse(bytes, 0, isMaskExpected, isCompressionAgreed) })
}
