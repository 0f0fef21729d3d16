import { closePayload, rawFrame } from '../../support/raw-frames.ts'
import { MESSAGE_LIMIT } from './server-settings.ts'

/** The bytes to send on an open WebSocket, and everything that the server must send until it ends the connection. */
export interface FrameCase {
  readonly name: string
  readonly bytes: Uint8Array
  readonly expected: readonly string[]
}

/** Framing (RFC 6455, section 5). A Close frame with 1000 follows the valid cases. */
export const frameCases: readonly FrameCase[] = [
  fails('an unmasked text frame', 1002, rawFrame(1, 'abc', { mask: false })),
  fails('an unmasked Ping', 1002, rawFrame(9, '', { mask: false })),
  fails('an unmasked Close', 1002, rawFrame(8, closePayload(1000), { mask: false })),
  fails('an unmasked continuation', 1002, open(1, 'a'), rawFrame(0, 'b', { mask: false })),
  passes('a mask of zeroes', ['text "abc"'], rawFrame(1, 'abc', { mask: Buffer.alloc(4) })),
  ...[4, 2, 1, 7].map((reserved) => fails(`reserved bits ${reserved} on text`, 1002, rawFrame(1, 'abc', { reserved }))),
  ...[4, 2, 1].map((reserved) => fails(`reserved bits ${reserved} on a Ping`, 1002, rawFrame(9, '', { reserved }))),
  ...[3, 4, 5, 6, 7, 11, 12, 13, 14, 15].map((opcode) => fails(`opcode ${opcode}`, 1002, rawFrame(opcode, 'abc'))),
  fails('a fragmented Ping', 1002, open(9, 'a')),
  fails('a fragmented Close', 1002, open(8, closePayload(1000))),
  fails('a Ping of 126 bytes', 1002, rawFrame(9, 'x'.repeat(126))),
  fails('the header of a Ping with a length of 16 bits', 1002, rawFrame(9, '', { announcedLength: 126n }).subarray(0, 4)),
  fails('the header of a Ping with a length of 64 bits', 1002, rawFrame(9, '', { announcedLength: 65_536n }).subarray(0, 2)),
  fails('a continuation of nothing', 1002, rawFrame(0, 'abc')),
  fails('a continuation of nothing that goes on', 1002, open(0, 'abc')),
  fails('text in a fragmented message', 1002, open(1, 'a'), rawFrame(1, 'b')),
  fails('a binary frame in a fragmented message', 1002, open(1, 'a'), rawFrame(2, 'b')),
  {
    name: 'a continuation after the end',
    bytes: Buffer.concat([open(1, 'a'), rawFrame(0, 'b'), rawFrame(0, 'c')]),
    expected: ['text "ab"', 'close 1002'],
  },
  passes('empty fragments', ['text "ab"'], open(1), open(0, 'a'), open(0), open(0, 'b'), rawFrame(0)),
  passes('a Ping between fragments', ['pong "now"', 'text "ab"'], open(1, 'a'), rawFrame(9, 'now'), rawFrame(0, 'b')),
  // `ws` and Kestrel accept these frames; this package is stricter.
  fails('a length of 3 in 16 bits', 1002, rawFrame(1, 'abc', { extendedLengthSize: 2 })),
  fails('a length of 3 in 64 bits', 1002, rawFrame(1, 'abc', { extendedLengthSize: 8 })),
  fails('a length of 2^63', 1002, announce(2n ** 63n)),
  fails('a length of all ones', 1002, announce(2n ** 64n - 1n)),
  fails('a length of 2^53', 1009, announce(2n ** 53n)),
  fails('a length of 2^32', 1009, announce(2n ** 32n)),
  fails('a length above the limit', 1009, announce(BigInt(MESSAGE_LIMIT + 1))),
  passes('a message of exactly the limit', [`binary[${MESSAGE_LIMIT}]`], rawFrame(2, Buffer.alloc(MESSAGE_LIMIT))),
  fails('fragments above the limit', 1009, open(2, Buffer.alloc(MESSAGE_LIMIT)), rawFrame(0, 'x')),
  ...Object.entries({
    overlong: 'c080',
    'a lone continuation byte': '80',
    'a surrogate': 'eda080',
    'above U+10FFFF': 'f4908080',
    truncated: 'e282',
    'the byte FE': 'fe',
  }).map(([what, hex]) => fails(`UTF-8 that is ${what}`, 1007, rawFrame(1, Buffer.from(hex, 'hex')))),
  fails('bad UTF-8 across fragments', 1007, open(1, Buffer.of(0xe2)), rawFrame(0, Buffer.of(0x28, 0xa1))),
  fails('a character cut off by the last fragment', 1007, open(1, Buffer.of(0xe2, 0x82)), rawFrame(0)),
  passes(
    'a character split by fragments',
    ['text "\u20ac"'],
    open(1, Buffer.of(0xe2)),
    open(0, Buffer.of(0x82)),
    rawFrame(0, Buffer.of(0xac)),
  ),
  passes('control characters', ['text "\\u0000\\u0001\\u001f\x7f"'], rawFrame(1, '\0\x01\x1f\x7f')),
  passes('binary that is no UTF-8', ['binary 00fffec080'], rawFrame(2, Buffer.from('00fffec080', 'hex'))),
]

/** Close frames (RFC 6455, sections 5.5.1 and 7.4). */
export const closeCases: readonly FrameCase[] = [
  fails('a Close of one byte', 1002, rawFrame(8, 'x')),
  ...[0, 999, 1004, 1005, 1006, 1015, 1016, 1100, 2000, 2999, 5000, 65_535].map((code) =>
    fails(`a Close with ${code}`, 1002, rawFrame(8, closePayload(code))),
  ),
  ...[1000, 1001, 1007, 1011, 3000, 4999].map((code) => fails(`a Close with ${code}`, code, rawFrame(8, closePayload(code)))),
  { name: 'an empty Close', bytes: rawFrame(8), expected: ['close'] },
  // RFC 6455, section 8.1, could also mean 1007. ASP.NET Core answers 1002, and so does this package.
  fails('a Close with bad UTF-8', 1002, rawFrame(8, closePayload(1000, Buffer.of(0xff)))),
  fails('a Close of 126 bytes', 1002, rawFrame(8, closePayload(1000, 'x'.repeat(124)))),
  fails('a Close with a reason of 123 bytes', 1000, rawFrame(8, closePayload(1000, 'x'.repeat(123)))),
  fails('data after a Close', 1000, rawFrame(8, closePayload(1000)), rawFrame(1, 'abc')),
  fails('a Close between fragments', 1000, open(1, 'a'), rawFrame(8, closePayload(1000))),
  fails('two Closes', 1000, rawFrame(8, closePayload(1000)), rawFrame(8, closePayload(1001))),
]

/** The server must send only a Close frame. */
function fails(name: string, code: number, ...frames: readonly Uint8Array[]): FrameCase {
  return { name, bytes: Buffer.concat(frames), expected: [`close ${code}`] }
}

function passes(name: string, expected: readonly string[], ...frames: readonly Uint8Array[]): FrameCase {
  return { name, bytes: Buffer.concat([...frames, rawFrame(8, closePayload(1000))]), expected: [...expected, 'close 1000'] }
}

/** A frame that is not the last of its message. */
function open(opcode: number, payload: Uint8Array | string = ''): Buffer {
  return rawFrame(opcode, payload, { isFinal: false })
}

/** The header of a binary frame without its payload. */
function announce(announcedLength: bigint): Buffer {
  return rawFrame(2, '', { announcedLength, extendedLengthSize: 8 })
}
