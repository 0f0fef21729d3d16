import { constants, deflateRawSync } from 'node:zlib'
import { rawFrame } from '../../support/raw-frames.ts'

/** The data that each peer sends. */
export interface Traffic {
  readonly what: string
  /** Each part is a separate write: a TLS record or a DATA frame. */
  readonly parts: readonly Uint8Array[]
  readonly isCompressed: boolean
}

const COUNT = 2000
/** The number of parts with one write each. */
const WRITES = 2000
const MEBIBYTE = 2n ** 20n
const ping = rawFrame(9, 'a ping')

/** Whole messages, and pings. */
export const messages: readonly Traffic[] = [
  inOneWrite('empty messages', repeat(rawFrame(1), COUNT)),
  inOneWrite('messages of one byte', repeat(rawFrame(1, 'x'), COUNT)),
  inOneWrite('one message of 64,000 bytes', [rawFrame(2, Buffer.alloc(64_000))]),
  compressed('compressed messages of one byte', repeat(rawFrame(1, deflate('x'), { reserved: 4 }), COUNT)),
]

/** Pings, which the package answers without the application. */
export const pings: readonly Traffic[] = [
  inOneWrite('pings of 6 bytes', repeat(ping, COUNT)),
  { what: 'pings of 6 bytes, each in a write of its own', parts: repeat(ping, WRITES), isCompressed: false },
]

/** Messages without an end. */
export const unfinishedMessages: readonly Traffic[] = [
  inOneWrite('fragments of one byte', [rawFrame(2, 'x', { isFinal: false }), ...repeat(rawFrame(0, 'x', { isFinal: false }), COUNT)]),
  inOneWrite('empty fragments', [rawFrame(2, '', { isFinal: false }), ...repeat(rawFrame(0, '', { isFinal: false }), COUNT)]),
  inOneWrite('one fragment of 64,000 bytes', [rawFrame(2, Buffer.alloc(64_000), { isFinal: false })]),
  inOneWrite('a byte of a message of a mebibyte', [announced('x')]),
  {
    what: 'bytes of a message of a mebibyte, each in a write of its own',
    parts: [announced(), ...repeat(Buffer.of(0), WRITES)],
    isCompressed: false,
  },
  compressed('compressed fragments of one byte', [
    rawFrame(2, deflate('x'), { reserved: 4, isFinal: false }),
    ...repeat(rawFrame(0, deflate('x'), { isFinal: false }), 500),
  ]),
]

function inOneWrite(what: string, frames: readonly Uint8Array[]): Traffic {
  return { what, parts: [Buffer.concat(frames)], isCompressed: false }
}

function compressed(what: string, frames: readonly Uint8Array[]): Traffic {
  return { ...inOneWrite(what, frames), isCompressed: true }
}

function repeat(bytes: Uint8Array, count: number): Uint8Array[] {
  return Array.from({ length: count }, () => bytes)
}

function announced(payload = ''): Buffer {
  return rawFrame(2, payload, { announcedLength: MEBIBYTE })
}

/** A compressed message without references to earlier ones (RFC 7692, section 7.2.1). */
function deflate(text: string): Buffer {
  return deflateRawSync(text, { finishFlush: constants.Z_SYNC_FLUSH }).subarray(0, -4)
}
