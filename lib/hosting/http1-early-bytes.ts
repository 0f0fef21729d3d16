import type { Socket } from 'node:net'
import { GatheredBytes } from '../web-socket/gathered-bytes.ts'
import type { Http1Arrival } from './http1-arrival.ts'
import { divertFromParser } from './node-http-parser-internals.ts'

/**
 * Keeps what a client sends after a WebSocket handshake until the application decides. On accept these bytes are the WebSocket's. On refusal
 * they are dropped: no HTTP parser ever sees them. When there are many, the connection is paused.
 */
export class Http1EarlyBytes {
  readonly #socket: Socket
  readonly #arrival: Http1Arrival
  readonly #bytes = new GatheredBytes()
  #isKeeping = true

  constructor(socket: Socket, arrival: Http1Arrival) {
    this.#socket = socket
    this.#arrival = arrival
    divertFromParser(socket, (chunk) => this.#keep(chunk))
  }

  /** Whether it is known where the WebSocket's bytes begin. */
  get isComplete(): boolean {
    return this.#arrival.rest !== undefined
  }

  /** Hands over what was kept, oldest first, and stops keeping. The socket is left paused: nothing is lost until somebody reads it. */
  take(): Uint8Array[] {
    this.#socket.pause()
    this.#isKeeping = false
    return [this.#arrival.rest ?? NOTHING, this.#bytes.take()].filter(({ length }) => length > 0)
  }

  #keep(chunk: Buffer): void {
    if (!this.#isKeeping) return
    this.#bytes.push(chunk)
    // Reading the request, even after its end, resumes the socket; so this may come more than once.
    if (this.#bytes.length >= LIMIT) this.#socket.pause()
  }
}

const NOTHING = Buffer.alloc(0)
/** Bytes; the last chunk may exceed it. */
const LIMIT = 65_536
