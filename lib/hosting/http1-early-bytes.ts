import type { IncomingMessage, ServerResponse } from 'node:http'
import type { Socket } from 'node:net'
import type { Http1Arrival } from './http1-arrival.ts'
import { detachParserFeed, restoreParserFeed } from './node-http-internals.ts'
import type { ParserFeed } from './node-http-internals.ts'

/**
 * Keeps what a client sends after a WebSocket handshake until the application has decided: on accept these bytes are the WebSocket's, on
 * refusal they are the next request. Meanwhile no HTTP parser sees them. When there are many, the connection is paused.
 */
export class Http1EarlyBytes {
  readonly #socket: Socket
  readonly #feed: ParserFeed
  readonly #chunks: Buffer[]
  #size = 0

  /** @returns `undefined` if bytes of this client may have been lost before, or if the connection is not an HTTP server's. */
  static keepFor({ socket }: IncomingMessage, response: ServerResponse, arrival: Http1Arrival | undefined): Http1EarlyBytes | undefined {
    if (arrival?.rest === undefined || arrival.bytesRead !== socket.bytesRead) return undefined
    const feed = detachParserFeed(socket)
    return feed === undefined ? undefined : new Http1EarlyBytes(socket, feed, arrival.rest, response)
  }

  private constructor(socket: Socket, feed: ParserFeed, rest: Buffer, response: ServerResponse) {
    this.#socket = socket
    this.#feed = feed
    this.#chunks = rest.length > 0 ? [rest] : []
    this.#size = rest.length
    socket.on('data', this.#onData)
    response.once('close', this.#giveBack)
  }

  /** Hands over what was kept, oldest first, and stops keeping. The socket is left paused: nothing is lost until somebody reads it. */
  take(response: ServerResponse): Buffer[] {
    this.#socket.pause()
    this.#socket.removeListener('data', this.#onData)
    response.removeListener('close', this.#giveBack)
    return this.#chunks
  }

  readonly #onData = (chunk: Buffer): void => {
    this.#chunks.push(chunk)
    this.#size += chunk.length
    // Reading the request, even after its end, resumes the socket; so this may come more than once.
    if (this.#size >= LIMIT) this.#socket.pause()
  }

  /** The response is through and was no 101: these bytes are HTTP. */
  readonly #giveBack = (): void => {
    const socket = this.#socket
    socket.removeListener('data', this.#onData)
    // After `Connection: close`, what follows the request was never one.
    if (socket.destroyed || socket.writableEnded) return
    restoreParserFeed(socket, this.#feed)
    if (this.#chunks.length > 0) socket.unshift(Buffer.concat(this.#chunks))
    socket.resume()
  }
}

/** Bytes; the last chunk may exceed it. */
const LIMIT = 65_536
