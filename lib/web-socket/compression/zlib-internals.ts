import type { DeflateRaw, InflateRaw } from 'node:zlib'
import { constants } from 'node:zlib'

/*
 * Synchronous writes on a zlib stream of Node that keeps its context. They are not documented, but Node's own `deflateRawSync()` and npm's `minizlib`
 * use them. `spec/web-socket/compression/zlib-internals.spec.ts` fails if a Node release changes them. Without them, every message goes through the
 * thread pool.
 */

/** A raw zlib stream. */
export type RawZlibStream = DeflateRaw | InflateRaw

/** Whether `writeNow` can be called with this stream. */
export function canWriteNow(stream: RawZlibStream): boolean {
  const { _handle, _writeState } = internalsOf(stream)
  return typeof _handle?.writeSync === 'function' && _writeState?.length === 2
}

/**
 * Writes the first `length` bytes of `input` and flushes, synchronously. Writes at most `room` bytes of result into `output`. Must not be called while
 * the thread pool works on the stream: that would end the process.
 * @returns the number of bytes in `output`. `stream.errored` is set if the input cannot be inflated.
 */
export function writeNow(stream: RawZlibStream, input: Uint8Array, length: number, output: Uint8Array, room: number): number {
  const { _handle, _writeState } = internalsOf(stream)
  _handle?.writeSync?.(constants.Z_SYNC_FLUSH, input, 0, length, output, 0, room)
  return room - (_writeState?.[0] ?? room)
}

/** The number of input bytes that the last `writeNow` has not consumed, because the output was full or the compressed data had ended. */
export function unreadBytes(stream: RawZlibStream): number {
  return internalsOf(stream)._writeState?.[1] ?? 0
}

interface ZlibInternals {
  /** `null` once the stream is closed. */
  readonly _handle?: { writeSync?(...values: readonly unknown[]): void } | null
  /** The free bytes of the output, and the unread bytes of the input. */
  readonly _writeState?: Uint32Array
}

function internalsOf(stream: RawZlibStream): ZlibInternals {
  // Node's types do not declare these properties.
  return stream as unknown as ZlibInternals
}
