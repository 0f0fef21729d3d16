import type { Duplex } from 'node:stream'

/** The connection under a WebSocket: a byte stream, and the two ways of ending it. Whoever hosts the connection makes one. */
export interface WebSocketTransport {
  readonly duplex: Duplex
  /** Bytes of the WebSocket that arrived before the connection was handed over, oldest first. */
  readonly head: readonly Uint8Array[]
  /** Whether the memory of what was written is free again as soon as `duplex.writableLength` is 0. Default `false`. */
  readonly releasesWrites?: boolean
  /**
   * Hands what arrives to `listener` from now on, rather than by the stream's `'data'`, if that is possible and costs less. What the stream
   * holds already still comes by `'data'`, and first.
   */
  readInto?(listener: BorrowedBytesListener): void
  /** Cuts the connection at once: RST over TCP, RST_STREAM(INTERNAL_ERROR) over HTTP/2. May be called at any time, more than once. */
  abort(): void
  /** Ends our side after the last byte was written: FIN over TCP, END_STREAM over HTTP/2. Called at most once. */
  end(): void
}

/** Who hears of bytes in memory that is used again as soon as it returns. */
export interface BorrowedBytesListener {
  onBorrowedBytes(bytes: Uint8Array): void
}
