import type { Http2Server, Http2Stream, ServerHttp2Stream } from 'node:http2'
import { Duplex } from 'node:stream'
import type { DetailedPeerCertificate, PeerCertificate, TLSSocket } from 'node:tls'
import { connectionFactsOf } from './connection-facts.ts'
import type { ConnectionFacts } from './connection-facts.ts'
import { resetStream } from './reset-stream.ts'
import { resetUnlessEnded } from './reset-unless-ended.ts'

/**
 * `request.socket` and `response.socket` over HTTP/2. To the application and to `node:http`, it is a socket for this request only: its `'close'`, its
 * timeout and `destroy()` concern the stream, not the connection, which other streams share.
 */
export class StreamSocket extends Duplex {
  // Writable fields, as in a TLS socket: code behind a proxy may set `encrypted`.
  alpnProtocol: string | undefined
  authorizationError: Error | undefined
  authorized: boolean
  encrypted: boolean
  servername: string | false | undefined
  readonly #stream: ServerHttp2Stream
  readonly #isTunnel: boolean
  readonly #facts: ConnectionFacts
  readonly #server: Http2Server | undefined

  /** @param isTunnel - whether the data of the peer stays in the stream, because it is no body that `node:http` may read. */
  constructor(stream: ServerHttp2Stream, isTunnel: boolean) {
    super({ readableHighWaterMark: stream.readableHighWaterMark, writableHighWaterMark: stream.writableHighWaterMark, autoDestroy: false })
    this.#stream = stream
    this.#isTunnel = isTunnel
    this.#facts = connectionFactsOf(stream.session)
    this.alpnProtocol = this.#facts.alpnProtocol
    this.authorizationError = this.#facts.authorizationError
    this.authorized = this.#facts.authorized
    this.encrypted = this.#facts.encrypted
    this.servername = this.#facts.servername
    this.#server = (stream.session as { readonly server?: Http2Server } | undefined)?.server
    this.on('error', ignoreError)
    stream.on('timeout', () => this.emit('timeout'))
    stream.once('close', () => this.destroy())
  }

  get localAddress(): string | undefined {
    return this.#facts.localAddress
  }

  get localFamily(): string | undefined {
    return this.#facts.localFamily
  }

  get localPort(): number | undefined {
    return this.#facts.localPort
  }

  get remoteAddress(): string | undefined {
    return this.#facts.remoteAddress
  }

  get remoteFamily(): string | undefined {
    return this.#facts.remoteFamily
  }

  get remotePort(): number | undefined {
    return this.#facts.remotePort
  }

  get server(): Http2Server | undefined {
    return this.#server
  }

  address(): object {
    return { address: this.localAddress, family: this.localFamily, port: this.localPort }
  }

  getCipher(): unknown {
    return this.#tlsSocket()?.getCipher?.()
  }

  getPeerCertificate(isDetailed = false): PeerCertificate | DetailedPeerCertificate | object {
    return this.#tlsSocket()?.getPeerCertificate?.(isDetailed) ?? {}
  }

  getProtocol(): string | null {
    return this.#tlsSocket()?.getProtocol?.() ?? null
  }

  override cork(): void {
    this.#stream.cork()
  }

  override uncork(): void {
    // `end()` of a response sets its number of corks directly before it calls this.
    super.uncork()
    this.#stream.uncork()
  }

  override pause(): this {
    if (!this.#isTunnel) this.#stream.pause()
    return this
  }

  override resume(): this {
    if (!this.#isTunnel) this.#stream.resume()
    return this
  }

  /** Ends only this stream, when all written data has left. */
  destroySoon(): void {
    this.#stream.end(() => this.destroy())
  }

  /** Resets only this stream. */
  resetAndDestroy(): this {
    return this.destroy(new Error('The stream was reset'))
  }

  // These methods concern the whole connection, which one request must not change.
  ref(): this {
    return this
  }

  setKeepAlive(): this {
    return this
  }

  setNoDelay(): this {
    return this
  }

  unref(): this {
    return this
  }

  setTimeout(milliseconds: number, listener?: () => void): this {
    this.#stream.setTimeout(milliseconds)
    if (listener !== undefined) this.once('timeout', listener)
    return this
  }

  override _read(): void {
    // The body of a request goes directly from the stream to the request.
  }

  override _write(chunk: Buffer, encoding: BufferEncoding, callback: (error?: Error | null) => void): void {
    this.#stream.write(chunk, encoding, callback)
  }

  override _final(callback: (error?: Error | null) => void): void {
    this.#stream.end(callback)
  }

  override _destroy(error: Error | null, callback: (error?: Error | null) => void): void {
    const stream = this.#stream
    if (error === null && stream.writableEnded && stream.writableLength === 0) resetUnlessEnded(stream, 0)
    else resetStream(stream, error ?? new Error('The response was destroyed before it ended'))
    callback(error)
  }

  /** `node:http` asks its socket for these values, which are those of the stream. */
  static {
    Object.defineProperties(this.prototype, {
      writableCorked: { configurable: true, get: ofStream((stream) => stream.writableCorked) },
      writableHighWaterMark: { configurable: true, get: ofStream((stream) => stream.writableHighWaterMark) },
      writableLength: { configurable: true, get: ofStream((stream) => stream.writableLength) },
      writableNeedDrain: { configurable: true, get: ofStream((stream) => stream.writableNeedDrain) },
    })

    function ofStream<T>(read: (stream: Http2Stream) => T): (this: StreamSocket) => T {
      return function readOfStream() {
        return read(this.#stream)
      }
    }
  }

  #tlsSocket(): Partial<TLSSocket> | undefined {
    const { session } = this.#stream
    return session === undefined || session.destroyed || !this.#facts.encrypted ? undefined : (session.socket as TLSSocket)
  }
}

function ignoreError(): void {
  // As with server sockets of node:http: the code that destroyed the socket knows the reason.
}
