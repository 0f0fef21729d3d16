import { Socket } from 'node:net'
import type { Duplex } from 'node:stream'

/*
 * Whether memory is free again once a stream has written it. That is so for what `node:net` writes to the kernel by a native handle: when the
 * write is complete, the kernel has a copy. Which handle it is, Node does not document. `spec/hosting/http1/native-connection.spec.ts` fails if a Node
 * release changes it; without it, what is written is memory of its own, as for every other stream.
 */

/** Whether the stream is a plain TCP connection, Unix socket or named pipe, without TLS, a wrapper or an agent. */
export function isNativeConnection(duplex: Duplex): boolean {
  if (Object.getPrototypeOf(duplex) !== Socket.prototype) return false
  if (WRITERS.some((name) => Object.hasOwn(duplex, name))) return false
  const { _handle: handle } = duplex as unknown as { readonly _handle?: object | null }
  return NATIVE_HANDLES.has(handle?.constructor.name ?? '')
}

/** Methods that, if wrapped, would see the memory before the kernel does. */
const WRITERS = ['write', '_write', '_writev', '_writeGeneric']
const NATIVE_HANDLES = new Set(['Pipe', 'TCP'])
