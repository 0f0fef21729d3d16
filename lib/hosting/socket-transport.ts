import type { Socket } from 'node:net'
import { TLSSocket } from 'node:tls'
import type { BorrowedBytesListener, WebSocketTransport } from '../web-socket/web-socket-transport.ts'
import { readIntoSharedBuffer } from './shared-read-buffer.ts'

/** A connection that is a WebSocket's alone: TCP, TLS, a Unix socket or a named pipe. */
export class SocketTransport implements WebSocketTransport {
  readonly duplex: Socket
  /** What TCP has taken, the kernel has copied; TLS and others may encrypt later. */
  readonly releasesWrites: boolean
  #head: readonly Uint8Array[]

  constructor(duplex: Socket, head: readonly Uint8Array[]) {
    this.duplex = duplex
    this.#head = head
    this.releasesWrites = !(duplex instanceof TLSSocket)
    // The time that an HTTP request may take means nothing to a WebSocket; keep-alive pings find dead peers.
    duplex.setTimeout(0)
    duplex.setNoDelay(true)
    // Until the WebSocket listens, which is in a moment.
    duplex.on('error', ignoreError)
  }

  takeHead(): readonly Uint8Array[] {
    const head = this.#head
    this.#head = NONE
    return head
  }

  readInto(listener: BorrowedBytesListener): void {
    readIntoSharedBuffer(this.duplex, listener)
  }

  abort(): void {
    const { duplex } = this
    // Only TCP itself can be reset, and not while its FIN is on its way: libuv then refuses (EINVAL), and the handle would stay open.
    const isEnding = duplex.writableEnded && !duplex.writableFinished
    if (duplex instanceof TLSSocket || duplex.remoteAddress === undefined || isEnding) duplex.destroy()
    else duplex.resetAndDestroy()
  }

  end(): void {
    this.duplex.end()
  }
}

const NONE: readonly Uint8Array[] = []

function ignoreError(): void {}
