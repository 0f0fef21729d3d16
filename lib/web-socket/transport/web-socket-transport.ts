import type { Duplex } from 'node:stream'
import type { Outflow } from './outflow.ts'

/** The connection under a WebSocket: a byte stream, and the two ways of ending it. Each kind of host makes its own. */
export interface WebSocketTransport {
  readonly duplex: Duplex
  /**
   * Whether the memory of what was written is free again as soon as `duplex.writableLength` is 0, because the kernel has copied it. Default
   * `false`: what is written is memory of its own.
   */
  readonly releasesWrites?: boolean
  /** The address of the peer, if `duplex` does not have it. */
  readonly peer?: PeerAddress
  /** Hands over, once, what arrived before and is not in the stream any more, oldest first. Default: nothing. */
  takeHead?(): readonly Uint8Array[]
  /**
   * Hands what arrives to `listener` from now on, rather than by the stream's `'data'`, if that is possible and costs less. What the stream
   * holds already still comes by `'data'`, and first.
   */
  readInto?(listener: BorrowedBytesListener): void
  /** How written data leaves. Defaults to the counters of the native connection, or else to the number of bytes that wait in the stream. */
  outflow?(): Outflow
  /** Aborts the connection at once: RST over TCP, RST_STREAM(INTERNAL_ERROR) over HTTP/2. May be called at any time and more than once. */
  abort(): void
  /** Ends our side after the last byte was written: FIN over TCP, END_STREAM over HTTP/2. Called at most once. */
  end(): void
  /** Gives the stream back, once our side has ended and the peer's has, or is not waited for. Default: `duplex.destroy()`. */
  close?(): void
}

/** The address of a peer, as open sockets of Node.js report it. */
export interface PeerAddress {
  readonly remoteAddress?: string | undefined
  readonly remotePort?: number | undefined
}

/** Receives bytes in memory that is used again as soon as `onBorrowedBytes` returns. */
export interface BorrowedBytesListener {
  onBorrowedBytes(bytes: Uint8Array): void
}
