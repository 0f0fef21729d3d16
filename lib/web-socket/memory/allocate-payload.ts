/**
 * Allocates memory for the payload of a message. It is not filled with zeros.
 *
 * For a long payload, it also allocates ballast: heap objects that are garbage at once. V8 ignores the memory of Buffers when it decides on a minor
 * garbage collection (nodejs/node#1671). Without ballast, dead messages accumulate up to 64 MiB, which is more than the processor's caches hold, until
 * a major collection frees them.
 */
export function allocatePayload(length: number): Buffer {
  if (length >= MIN_BALLAST_LENGTH) makeBallast(Math.min(length, MAX_BALLAST_LENGTH))
  return Buffer.allocUnsafe(length)
}

/** Half as much as the payload, in pieces that are small enough for V8's young generation. */
function makeBallast(length: number): void {
  for (let rest = length; rest > 0; rest -= LENGTH_PER_PIECE) {
    // oxlint-disable-next-line unicorn/no-new-array -- Array.from() would go over all elements.
    ballast.latest = new Array(Math.ceil(Math.min(rest, LENGTH_PER_PIECE) / LENGTH_PER_ELEMENT))
  }
}

/** A reference, so that the compiler does not remove the unused allocation. */
const ballast: { latest: unknown } = { latest: undefined }
/** Shorter messages cause enough minor collections by themselves: at 8 KiB, ballast only costs time. */
const MIN_BALLAST_LENGTH = 16_384
/** Above this, the ballast does not grow: a Buffer of many megabytes justifies a major collection. */
const MAX_BALLAST_LENGTH = 1_048_576
const LENGTH_PER_PIECE = 16_384
/** Payload bytes for each element of the ballast, which takes eight bytes. */
const LENGTH_PER_ELEMENT = 16
