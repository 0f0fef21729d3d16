import { constants, deflateRawSync } from 'node:zlib'
import { closePayload, rawFrame } from '../../support/raw-frames.ts'
import type { FrameCase } from './frame-cases.ts'

/** permessage-deflate (RFC 7692) after it was negotiated. */
export const compressionCases: readonly FrameCase[] = [
  passes('a compressed message', 'abc', deflated(deflate('abc'))),
  passes('an uncompressed message', 'abc', rawFrame(1, 'abc')),
  passes('an empty message', '', deflated(Buffer.of(0))),
  passes('a stored block', 'abc', deflated(deflate('abc', 0))),
  passes('a block with BFINAL', 'Hello', deflated(Buffer.from('f348cdc9c9070000', 'hex'))),
  passes('two blocks', 'Hello', deflated(Buffer.from('f24805000000ffffcac9c90700', 'hex'))),
  passes(
    'a fragmented message',
    'Hello',
    deflated(Buffer.from('f248cd', 'hex'), { isFinal: false }),
    rawFrame(0, Buffer.from('c9c90700', 'hex')),
  ),
  fails('RSV1 on a continuation', 1002, rawFrame(1, 'a', { isFinal: false }), rawFrame(0, 'b', { reserved: 4 })),
  fails('RSV1 on a Ping', 1002, rawFrame(9, '', { reserved: 4 })),
  fails('data that is not deflated', 1007, deflated(Buffer.from('ffffffff', 'hex'))),
  fails('a reference before the window', 1007, deflated(deflate('hello hello hello', 9, 'hello hello hello'))),
  fails('bad UTF-8 inside', 1007, deflated(deflate(Buffer.of(0xc0, 0x80)))),
]

/** A mebibyte of zeros as a block that can follow any other block. */
const zeroes = deflateRawSync(Buffer.alloc(1024 * 1024), { finishFlush: constants.Z_FULL_FLUSH })

/** Messages that inflate from a megabyte to a gigabyte. */
export const compressionBombs: readonly FrameCase[] = [
  fails('a bomb', 1009, deflated(Buffer.concat(Array.from({ length: 1024 }, () => zeroes)))),
  fails(
    'a bomb in fragments',
    1009,
    deflated(zeroes, { isFinal: false }),
    ...Array.from({ length: 1023 }, () => rawFrame(0, zeroes, { isFinal: false })),
  ),
]

function passes(name: string, text: string, ...frames: readonly Uint8Array[]): FrameCase {
  const bytes = Buffer.concat([...frames, rawFrame(8, closePayload(1000))])
  return { name, bytes, expected: [`text deflated ${JSON.stringify(text)}`, 'close 1000'] }
}

function fails(name: string, code: number, ...frames: readonly Uint8Array[]): FrameCase {
  return { name, bytes: Buffer.concat(frames), expected: [`close ${code}`] }
}

function deflated(payload: Uint8Array, options: { readonly isFinal?: boolean } = {}): Buffer {
  return rawFrame(1, payload, { reserved: 4, ...options })
}

/** RFC 7692, section 7.2.1. */
function deflate(data: string | Uint8Array, level = 9, dictionary?: string): Buffer {
  const bytes = deflateRawSync(data, {
    level,
    finishFlush: constants.Z_SYNC_FLUSH,
    ...(dictionary === undefined ? {} : { dictionary: Buffer.from(dictionary) }),
  })
  return bytes.subarray(0, -4)
}
