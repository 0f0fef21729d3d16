import { Socket } from 'node:net'
import type { Duplex } from 'node:stream'

/*
 * What the native connection under a socket has counted. `socket.bytesWritten` counts bytes that the kernel has not taken yet, and of a long
 * write the stream does not tell how much of it is left; the native connection does, for the sake of `socket.setTimeout()`. Under TLS it is the
 * connection below that counts. The same on Node 20 to 26. `spec/web-socket/transport/native-counters.spec.ts` fails if a Node release changes any of it;
 * without it, keep-alive sees a long write move only when all of it has left.
 */

/** Bytes. */
export interface NativeCounters {
  readonly read: number
  readonly written: number
  /** Those written that the kernel has not taken. */
  readonly waiting: number
}

/** `undefined`: it is no socket of the operating system, or none any more. */
export function nativeCounters(duplex: Duplex | undefined): NativeCounters | undefined {
  if (!(duplex instanceof Socket)) return undefined
  const { _handle: handle } = duplex as unknown as { readonly _handle?: Handle | null }
  const native = handle?._parent ?? handle
  if (typeof native?.bytesWritten !== 'number' || typeof native.writeQueueSize !== 'number') return undefined
  return { read: native.bytesRead ?? 0, written: native.bytesWritten, waiting: native.writeQueueSize }
}

interface Handle {
  /** What TLS is spoken over. */
  readonly _parent?: Handle | null
  readonly bytesRead?: number
  readonly bytesWritten?: number
  readonly writeQueueSize?: number
}
