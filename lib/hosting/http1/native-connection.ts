import { Socket } from 'node:net'
import type { Duplex } from 'node:stream'

/*
 * Whether the memory of a completed write can be reused. It can if `node:net` writes it to the kernel through a native handle, because the kernel
 * then has a copy. Node does not document the type of this handle. `spec/hosting/http1/native-connection.spec.ts` fails if a Node release changes it.
 * For an unknown handle, as for every other stream, each write gets its own memory.
 */

/** Whether the stream is a plain TCP connection, Unix socket or named pipe, without TLS, a wrapper or an agent. */
export function isNativeConnection(duplex: Duplex): boolean {
  if (Object.getPrototypeOf(duplex) !== Socket.prototype) return false
  if (WRITERS.some((name) => Object.hasOwn(duplex, name))) return false
  const { _handle: handle } = duplex as unknown as { readonly _handle?: object | null }
  return NATIVE_HANDLES.has(handle?.constructor.name ?? '')
}

/** A wrapper of one of these methods could keep the memory. */
const WRITERS = ['write', '_write', '_writev', '_writeGeneric']
const NATIVE_HANDLES = new Set(['Pipe', 'TCP'])
