import { Socket } from 'node:net'
import { readMemory } from '../../web-socket/memory/shared-memory.ts'
import type { BorrowedBytesListener } from '../../web-socket/transport/web-socket-transport.ts'

/*
 * Reads from a socket into memory that all sockets share, as `net.connect({ onread })` does for clients. Node documents no such option for accepted
 * connections, so this uses the internals of `onread`: `useUserBuffer()` of the handle, and two properties of the socket. They are the same on Node
 * 20 to 26. `spec/hosting/http1/shared-read-buffer.spec.ts` fails if a Node release changes any of them. Without them, sockets are read as usual.
 */

/**
 * From now on, passes the data that arrives on `socket` to `listener` instead of `'data'` listeners. This saves an allocation and an event for each
 * read. Data that Node has already read comes first, as `'data'`. `pause()` and `resume()` work as before.
 * @returns `false` if this is not possible with the socket, which is then unchanged.
 */
export function readIntoSharedBuffer(socket: Socket, listener: BorrowedBytesListener): boolean {
  // The types do not declare these members.
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

/** Called as a method of the socket, so that all sockets share one function. */
function onRead(this: ListenedSocket, length: number, buffer: Buffer): boolean {
  this[LISTENER]?.onBorrowedBytes(buffer.subarray(0, length))
  return true
}

const LISTENER = Symbol('BorrowedBytesListener')
const keys = findKeys()

function findKeys(): { readonly buffer: symbol; readonly callback: symbol } | undefined {
  // Windows reads with overlapped I/O, so several reads could use the memory at once.
  if (process.platform === 'win32') return undefined
  const symbols = Object.getOwnPropertySymbols(new Socket())
  const buffer = symbols.find(({ description }) => description === 'kBuffer')
  const callback = symbols.find(({ description }) => description === 'kBufferCb')
  return buffer === undefined || callback === undefined ? undefined : { buffer, callback }
}
