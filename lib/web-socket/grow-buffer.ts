import { allocatePayload } from './allocate-payload.ts'

/**
 * A buffer with room behind the `filled` bytes of `current`, unless `needed`, what is known to come in all, is there already.
 * What a header announces is only believed up to a megabyte ahead of what has come. `isFinal`: more than `needed` will not come.
 */
export function growBuffer(current: Buffer | undefined, filled: number, needed: number, isFinal: boolean): Buffer {
  if (current !== undefined && (current.length >= needed || filled < current.length)) return current
  const size = Math.max(Math.min(needed, MAX_TRUSTED_LENGTH), 2 * filled)
  const grown = allocatePayload(isFinal ? Math.min(size, needed) : size)
  if (current !== undefined) grown.set(current.subarray(0, filled))
  return grown
}

const MAX_TRUSTED_LENGTH = 1_048_576
