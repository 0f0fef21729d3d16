import type { ServerResponse } from 'node:http'
import type { Socket } from 'node:net'
import { GatheredBytes } from '../../web-socket/memory/gathered-bytes.ts'
import type { Http1Arrival } from './http1-arrival.ts'
import { endConnectionAfter } from './http1-last-response.ts'
import { returnToParser } from './node-http-parser-internals.ts'

/**
 * Keeps what a client sends after a WebSocket handshake until the application decides. If it accepts, these bytes belong to the WebSocket. If it
 * refuses, they are dropped and the connection ends after the response, so no HTTP parser sees them. Too many bytes pause the connection.
 */
export class Http1EarlyBytes {
  readonly #socket: Socket
  readonly #response: ServerResponse
  readonly #arrival: Http1Arrival
  readonly #bytes = new GatheredBytes()
  #isTaken = false

  constructor(socket: Socket, response: ServerResponse, arrival: Http1Arrival) {
    this.#socket = socket
    this.#response = response
    this.#arrival = arrival
    arrival.divert((chunk) => this.#keep(chunk))
    response.on('close', this.#onRefused)
  }

  /** Whether it is known where the bytes of the WebSocket begin. */
  get isComplete(): boolean {
    return this.#arrival.rest !== undefined
  }

  /** Returns the kept bytes, oldest first, and stops keeping. The socket is paused, so that no data is lost until it is read. */
  take(): Uint8Array[] {
    this.#socket.pause()
    this.#isTaken = true
    this.#response.removeListener('close', this.#onRefused)
    return [this.#arrival.rest ?? NOTHING, this.#bytes.take()].filter(({ length }) => length > 0)
  }

  #keep(chunk: Buffer): void {
    if (this.#isTaken) return
    if (this.#bytes.length === 0) endConnectionAfter(this.#response)
    this.#bytes.push(chunk)
    // Reading the request resumes the socket, even after the end of the request. So this may be necessary more than once.
    if (this.#bytes.length >= LIMIT) this.#socket.pause()
  }

  /** If no data followed the handshake, the next request may come on this connection. */
  readonly #onRefused = (): void => {
    if (this.#arrival.rest === undefined) endConnectionAfter(this.#response)
    else if (this.#arrival.rest.length + this.#bytes.length === 0) returnToParser(this.#socket)
  }
}

const NOTHING = Buffer.alloc(0)
/** The number of kept bytes at which the connection is paused. The last chunk may exceed it. */
const LIMIT = 65_536
