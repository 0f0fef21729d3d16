/**
 * Memory for the payload of a message, not filled with zeros.
 *
 * A long one comes with ballast, which is garbage at once. V8 does not count what Buffers have outside of its heap when it decides on a minor
 * collection (nodejs/node#1671), and a long message has next to nothing within. So there would be none, dead messages would pile up to
 * 64 MiB, which no cache of a processor holds, and then take a major collection, several a second.
 */
export function allocatePayload(length: number): Buffer {
  if (length >= MIN_WEIGHED_LENGTH) makeBallast(Math.min(length, MAX_WEIGHED_LENGTH))
  return Buffer.allocUnsafe(length)
}

/** Half as much as the payload, in pieces that V8 has room for where the young are. */
function makeBallast(length: number): void {
  for (let rest = length; rest > 0; rest -= LENGTH_PER_PIECE) {
    // oxlint-disable-next-line unicorn/no-new-array -- Array.from() would go over all elements.
    ballast.latest = new Array(Math.ceil(Math.min(rest, LENGTH_PER_PIECE) / LENGTH_PER_ELEMENT))
  }
}

/** A reference, so that the compiler does not remove the unused allocation. */
const ballast: { latest: unknown } = { latest: undefined }
/** The heap part of shorter payloads is sufficient: at 8 KiB, ballast only costs time. */
const MIN_WEIGHED_LENGTH = 16_384
/** A single Buffer of many megabytes deserves a major collection. */
const MAX_WEIGHED_LENGTH = 1_048_576
const LENGTH_PER_PIECE = 16_384
/** An element takes eight bytes. */
const LENGTH_PER_ELEMENT = 16
