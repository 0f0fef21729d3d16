import { deflateRawSync } from 'node:zlib'
import { rawFrame } from '../support/raw-frames.ts'

/** The data of a peer, to measure how much of it is kept. */
export interface KindOfFrames {
  readonly bytes: Buffer
  /** Each byte is a separate write: a TCP segment, a TLS record or a DATA frame. */
  readonly isTrickled?: boolean
  /** Whether the application listens to messages. */
  readonly isListenedTo?: boolean
  /** Whether the application has paused the socket. */
  readonly isPaused?: boolean
  /** Whether the peer does not read the answers. */
  readonly isDeaf?: boolean
}

/** Bytes. */
const LENGTH = 131_072

export const kindsOfFrames: Record<string, KindOfFrames> = {
  'empty texts': { bytes: many(rawFrame(1)) },
  'empty binaries': { bytes: many(rawFrame(2)) },
  'texts of one byte': { bytes: many(rawFrame(1, 'a')) },
  'binaries of one byte': { bytes: many(rawFrame(2, 'a')) },
  'binaries of 100 bytes': { bytes: many(rawFrame(2, Buffer.alloc(100))) },
  'binaries of 10,000 bytes': { bytes: many(rawFrame(2, Buffer.alloc(10_000))) },
  'compressed empty texts': { bytes: many(rawFrame(1, Buffer.of(0), { reserved: 4 })) },
  'compressed texts of one byte': { bytes: many(rawFrame(1, deflated('a'), { reserved: 4 })) },
  'binary message in fragments of one byte': { bytes: fragments('a'), isListenedTo: true },
  'binary message in empty fragments': { bytes: fragments(''), isListenedTo: true },
  'binaries in two fragments of one byte': { bytes: many(rawFrame(2, 'a', { isFinal: false }), rawFrame(0, 'b')) },
  'a long message without its end': { bytes: rawFrame(2, Buffer.alloc(200_000)).subarray(0, -1) },
  pings: { bytes: many(rawFrame(9, 'a')) },
  'pings, of which the answers are not read': { bytes: many(rawFrame(9, 'a')), isDeaf: true },
  pongs: { bytes: many(rawFrame(10, 'a')) },
  'pings and an empty text': { bytes: Buffer.concat([rawFrame(1), many(rawFrame(9, 'a'))]) },
  'a text of one byte': { bytes: rawFrame(1, 'a') },
  'empty texts, byte by byte': { bytes: many(rawFrame(1)).subarray(0, 4_000), isTrickled: true },
  'a long message, byte by byte': { bytes: rawFrame(2, Buffer.alloc(200_000)).subarray(0, 4_000), isTrickled: true, isListenedTo: true },
  'empty texts, byte by byte, to a paused socket': { bytes: many(rawFrame(1)).subarray(0, 4_000), isTrickled: true, isPaused: true },
}

/** As many frames as fit into {@link LENGTH}. */
function many(...frames: Buffer[]): Buffer {
  const once = Buffer.concat(frames)
  return Buffer.alloc(once.length * Math.floor(LENGTH / once.length), once)
}

function fragments(payload: string): Buffer {
  return Buffer.concat([rawFrame(2, payload, { isFinal: false }), many(rawFrame(0, payload, { isFinal: false })).subarray(0, 7 * 16_000)])
}

/** Without the last four bytes, as RFC 7692 requires. */
function deflated(text: string): Buffer {
  return deflateRawSync(text, { finishFlush: 2 }).subarray(0, -4)
}
