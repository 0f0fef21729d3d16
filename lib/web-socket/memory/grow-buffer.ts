import { allocatePayload } from './allocate-payload.ts'

/**
 * Returns a buffer with room behind the `filled` bytes of `current`. It returns `current` if that has room or is long enough for all bytes.
 *
 * A frame header may announce bytes that never arrive. So a new buffer is at most {@link MAX_GROWTH_FACTOR} times as long as the bytes that have
 * arrived, or {@link MIN_TRUSTED_LENGTH} bytes long.
 * @param waiting - the number of bytes that have arrived and are not in `current` yet.
 * @param needed - the number of bytes announced so far, including the filled ones.
 * @param isFinal - whether no more than `needed` bytes will come.
 */
export function growBuffer(current: Buffer | undefined, filled: number, waiting: number, needed: number, isFinal: boolean): Buffer {
  if (current !== undefined && (current.length >= needed || filled < current.length)) return current
  const size = Math.max(Math.min(needed, Math.max(MIN_TRUSTED_LENGTH, MAX_GROWTH_FACTOR * (filled + waiting))), 2 * filled)
  const grown = allocatePayload(isFinal ? Math.min(size, needed) : size)
  if (current !== undefined) grown.set(current.subarray(0, filled))
  return grown
}

/** Bytes. */
const MIN_TRUSTED_LENGTH = 32_768
const MAX_GROWTH_FACTOR = 4
