import { Socket } from 'node:net'
import type { Duplex } from 'node:stream'

/*
 * The counters of the native handle of a socket. They show the progress of a long write, which Node itself uses for `socket.setTimeout()`. The
 * documented properties do not show it: `socket.bytesWritten` also counts bytes that the kernel has not taken yet. Under TLS, the handle below the
 * TLS handle counts. This is the same on Node 20 to 26; `spec/web-socket/transport/native-counters.spec.ts` fails if a Node release changes it.
 * Without these counters, keep-alive notices a long write only when all of it has left.
 */

/** The counters of a connection, in bytes. */
export interface NativeCounters {
  readonly read: number
  readonly written: number
  /** Written bytes that the kernel has not taken yet. */
  readonly waiting: number
}

/** Returns `undefined` for a stream that is not a socket of the operating system, and for a closed socket. */
export function nativeCounters(duplex: Duplex | undefined): NativeCounters | undefined {
  if (!(duplex instanceof Socket)) return undefined
  const { _handle: handle } = duplex as unknown as { readonly _handle?: Handle | null }
  const native = handle?._parent ?? handle
  if (typeof native?.bytesWritten !== 'number' || typeof native.writeQueueSize !== 'number') return undefined
  return { read: native.bytesRead ?? 0, written: native.bytesWritten, waiting: native.writeQueueSize }
}

interface Handle {
  /** The handle below a TLS handle. */
  readonly _parent?: Handle | null
  readonly bytesRead?: number
  readonly bytesWritten?: number
  readonly writeQueueSize?: number
}
