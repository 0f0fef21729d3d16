import type { DeflateRaw, InflateRaw } from 'node:zlib'
import { constants } from 'node:zlib'

/*
 * What this package uses of Node's zlib streams beyond their documented interface: the write that returns when it is done, on a stream that keeps its
 * context. Node's own `deflateRawSync()` stands on it, and so does npm's `minizlib`. `spec/web-socket/compression/zlib-internals.spec.ts` is the
 * contract test. Where a stream does not have it, every message goes through the thread pool.
 */

/** A raw zlib stream. */
export type RawZlibStream = DeflateRaw | InflateRaw

/** Whether `writeNow` can be called with this stream. */
export function canWriteNow(stream: RawZlibStream): boolean {
  const { _handle, _writeState } = internalsOf(stream)
  return typeof _handle?.writeSync === 'function' && _writeState?.length === 2
}

/**
 * Writes the first `length` bytes of `input`, and flushes; never while the thread pool works on the stream, which ends the process. What becomes of
 * them is in `output`: as many bytes as fit.
 * @returns how many bytes those are. `stream.errored` is set if the input cannot be inflated.
 */
export function writeNow(stream: RawZlibStream, input: Uint8Array, length: number, output: Uint8Array, room: number): number {
  const { _handle, _writeState } = internalsOf(stream)
  _handle?.writeSync?.(constants.Z_SYNC_FLUSH, input, 0, length, output, 0, room)
  return room - (_writeState?.[0] ?? room)
}

/** How many bytes of its input the last `writeNow` has left: the output was full, or the compressed data has ended before. */
export function unreadBytes(stream: RawZlibStream): number {
  return internalsOf(stream)._writeState?.[1] ?? 0
}

interface ZlibInternals {
  /** `null` once the stream is closed. */
  readonly _handle?: { writeSync?(...values: readonly unknown[]): void } | null
  /** Free bytes of the output, and unread bytes of the input. */
  readonly _writeState?: Uint32Array
}

function internalsOf(stream: RawZlibStream): ZlibInternals {
  // A stream seen from the inside.
  return stream as unknown as ZlibInternals
}
