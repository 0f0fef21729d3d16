import type { Duplex } from 'node:stream'
import type { Outflow } from './outflow.ts'

/** The connection under a WebSocket: a byte stream, and two ways to end it. Each kind of host has its own implementation. */
export interface WebSocketTransport {
  readonly duplex: Duplex
  /**
   * Whether written memory may be reused as soon as `duplex.writableLength` is 0, because the kernel has copied it. Defaults to `false`: each write has
   * memory of its own.
   */
  readonly releasesWrites?: boolean
  /** The address of the peer, if `duplex` does not have it. */
  readonly peer?: PeerAddress
  /** Returns, once, the chunks that arrived earlier and are no longer in the stream, oldest first. Defaults to none. */
  takeHead?(): readonly Uint8Array[]
  /**
   * From now on, passes arriving data to `listener` instead of emitting `'data'`, if that is possible and faster. Data that the stream already holds is
   * still emitted first.
   */
  readInto?(listener: BorrowedBytesListener): void
  /** Measures how written data leaves. Defaults to the counters of the native handle, or else to the number of bytes that wait in the stream. */
  outflow?(): Outflow
  /** Aborts the connection at once: RST over TCP, RST_STREAM(INTERNAL_ERROR) over HTTP/2. May be called at any time and more than once. */
  abort(): void
  /** Ends our side after the last byte was written: FIN over TCP, END_STREAM over HTTP/2. Called at most once. */
  end(): void
  /** Closes the stream when our side has ended, and the peer's side has ended or is not awaited. Defaults to `duplex.destroy()`. */
  close?(): void
}

/** The address of a peer. An open socket of Node has these properties. */
export interface PeerAddress {
  readonly remoteAddress?: string | undefined
  readonly remotePort?: number | undefined
}

/** Receives bytes in memory that is reused as soon as `onBorrowedBytes` returns. */
export interface BorrowedBytesListener {
  onBorrowedBytes(bytes: Uint8Array): void
}
