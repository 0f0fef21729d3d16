import { Socket } from 'node:net'
import { readMemory } from '../../web-socket/memory/shared-memory.ts'
import type { BorrowedBytesListener } from '../../web-socket/transport/web-socket-transport.ts'

/*
 * Reading from a socket into memory that all sockets share, as `net.connect({ onread })` does it for clients. Node has no documented
 * way to do that for a connection that was accepted, so this touches what stands behind `onread`: the handle's `useUserBuffer()` and two
 * properties of the socket. The same on Node 20 to 26. `spec/hosting/http1/shared-read-buffer.spec.ts` fails if a Node release changes any of it; without it,
 * sockets are read as usual.
 */

/**
 * From now on hands what arrives on `socket` to `listener`, and not to `'data'` listeners: without an allocation and an event for each read. What
 * Node has read before still comes by `'data'`, and first. Pausing and resuming the socket work as ever.
 * @returns `false` if that cannot be done with this socket, which then is as it was.
 */
export function readIntoSharedBuffer(socket: Socket, listener: BorrowedBytesListener): boolean {
  // A socket seen from the inside.
  const owned = socket as unknown as ListenedSocket
  const { _handle: handle } = owned
  if (keys === undefined || typeof handle?.useUserBuffer !== 'function') return false
  handle.useUserBuffer(readMemory)
  owned[keys.buffer] = readMemory
  owned[keys.callback] = onRead
  owned[LISTENER] = listener
  return true
}

interface ReadableHandle {
  useUserBuffer(buffer: Uint8Array): void
}

interface ListenedSocket {
  readonly _handle?: Partial<ReadableHandle> | null
  [LISTENER]?: BorrowedBytesListener
  [key: symbol]: unknown
}

/** Called as a method of the socket, so that one function serves all. */
function onRead(this: ListenedSocket, length: number, buffer: Buffer): boolean {
  this[LISTENER]?.onBorrowedBytes(buffer.subarray(0, length))
  return true
}

const LISTENER = Symbol('BorrowedBytesListener')
const keys = findKeys()

function findKeys(): { readonly buffer: symbol; readonly callback: symbol } | undefined {
  // With overlapped input of Windows, several reads might be under way at once.
  if (process.platform === 'win32') return undefined
  const symbols = Object.getOwnPropertySymbols(new Socket())
  const buffer = symbols.find(({ description }) => description === 'kBuffer')
  const callback = symbols.find(({ description }) => description === 'kBufferCb')
  return buffer === undefined || callback === undefined ? undefined : { buffer, callback }
}
