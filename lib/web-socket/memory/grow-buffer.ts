import { allocatePayload } from './allocate-payload.ts'

/**
 * A buffer with room behind the `filled` bytes of `current`, unless `needed`, what is known to come in all, is there already.
 * What a header announces is only believed up to four times what has come, of which `waiting` bytes are not filled in yet.
 * `isFinal`: more than `needed` will not come.
 */
export function growBuffer(current: Buffer | undefined, filled: number, waiting: number, needed: number, isFinal: boolean): Buffer {
  if (current !== undefined && (current.length >= needed || filled < current.length)) return current
  const size = Math.max(Math.min(needed, Math.max(MIN_TRUSTED_LENGTH, TRUST * (filled + waiting))), 2 * filled)
  const grown = allocatePayload(isFinal ? Math.min(size, needed) : size)
  if (current !== undefined) grown.set(current.subarray(0, filled))
  return grown
}

/** Bytes. */
const MIN_TRUSTED_LENGTH = 32_768
const TRUST = 4
