import { Duplex } from 'node:stream'
import type { WebSocketTransport } from '../web-socket/transport/web-socket-transport.ts'

/**
 * A transport as an ordinary stream, for `ws`, which uses it as its socket. `end()` and `destroy()` end and abort the transport, and strings may be
 * written.
 */
export class TransportStream extends Duplex {
  readonly #transport: WebSocketTransport

  constructor(transport: WebSocketTransport) {
    // Destroyed only when the transport has closed.
    super({ autoDestroy: false })
    this.#transport = transport
    transport.duplex
      .on('data', (chunk: Buffer) => {
        if (!this.push(chunk)) transport.duplex.pause()
      })
      .on('end', () => this.push(null))
      .on('error', (error) => this.destroy(error))
      .on('close', () => this.destroy())
  }

  override _read(): void {
    this.#transport.duplex.resume()
  }

  override _write(chunk: Buffer, _encoding: BufferEncoding, callback: (error?: Error | null) => void): void {
    this.#transport.duplex.write(chunk, callback)
  }

  override _writev(items: readonly { readonly chunk: Buffer }[], callback: (error?: Error | null) => void): void {
    this._write(Buffer.concat(items.map(({ chunk }) => chunk)), BYTES, callback)
  }

  override _final(callback: (error?: Error | null) => void): void {
    this.#transport.end()
    callback()
  }

  override _destroy(error: Error | null, callback: (error?: Error | null) => void): void {
    if (!this.#transport.duplex.destroyed) this.#transport.abort()
    callback(error)
  }
}

/** The encoding that a stream passes for buffers. */
const BYTES = 'buffer' as BufferEncoding
