import { Socket } from 'node:net'
import type { Duplex } from 'node:stream'
import { TLSSocket } from 'node:tls'
import type { BorrowedBytesListener, WebSocketTransport } from '../../web-socket/transport/web-socket-transport.ts'
import { uncork } from '../../web-socket/transport/uncork.ts'
import { isNativeConnection } from './native-connection.ts'
import { readIntoSharedBuffer } from './shared-read-buffer.ts'

/** A connection that one WebSocket has for itself: TCP, TLS, a Unix socket, a named pipe, or any other stream that Node serves HTTP over. */
export class SocketTransport implements WebSocketTransport {
  readonly duplex: Duplex
  readonly releasesWrites: boolean
  #head: readonly Uint8Array[]

  constructor(duplex: Duplex, head: readonly Uint8Array[]) {
    this.duplex = duplex
    this.#head = head
    this.releasesWrites = isNativeConnection(duplex)
    const { setNoDelay, setTimeout }: Partial<Pick<Socket, 'setNoDelay' | 'setTimeout'>> = duplex as Partial<Socket>
    // The timeout of HTTP requests does not apply to a WebSocket. Keep-alive pings detect dead peers.
    if (typeof setTimeout === 'function') setTimeout.call(duplex, 0)
    if (typeof setNoDelay === 'function') setNoDelay.call(duplex, true)
  }

  takeHead(): readonly Uint8Array[] {
    const head = this.#head
    this.#head = NONE
    return head
  }

  readInto(listener: BorrowedBytesListener): void {
    if (this.duplex instanceof Socket) readIntoSharedBuffer(this.duplex, listener)
  }

  abort(): void {
    const { duplex } = this
    uncork(duplex)
    // Only plain TCP can be reset, and not while its FIN is being sent: libuv then fails (EINVAL), and the handle would stay open.
    const isEnding = duplex.writableEnded && !duplex.writableFinished
    if (duplex instanceof Socket && !(duplex instanceof TLSSocket) && duplex.remoteAddress !== undefined && !isEnding)
      duplex.resetAndDestroy()
    else duplex.destroy()
  }

  end(): void {
    this.duplex.end()
  }
}

const NONE: readonly Uint8Array[] = []
