import { constants, deflateRawSync, inflateRawSync } from 'node:zlib'

/** Compresses a message without context takeover (RFC 7692, section 7.2.1). */
export function compressMessage(message: Buffer): Buffer {
  return deflateRawSync(message, { finishFlush: constants.Z_SYNC_FLUSH }).subarray(0, -TAIL.length)
}

/** Inflates a message that was compressed without context takeover. */
export function inflateMessage(payload: Buffer): Buffer {
  return inflateRawSync(Buffer.concat([payload, TAIL]), { finishFlush: constants.Z_SYNC_FLUSH })
}

const TAIL = Buffer.from([0x00, 0x00, 0xff, 0xff])
