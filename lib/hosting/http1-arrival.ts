import { subscribe } from 'node:diagnostics_channel'
import type { IncomingMessage } from 'node:http'
import { endOfFirstHead } from './end-of-first-head.ts'
import { amountReceived, chunkBeingParsed, isFirstRequest, whenParsed } from './node-http-parser-internals.ts'

/**
 * What can only be seen while an upgrade request arrives. Node's parser stops behind such a request and forgets the rest of the chunk, and
 * what comes later it takes for HTTP: a middleware that runs after something asynchronous cannot tell what it has missed.
 */
export class Http1Arrival {
  /** Whether the parser tells where the request ends. */
  readonly isWatched: boolean
  /** What came behind the request in the same chunk. `undefined`: not known, or not yet, within the turn of the handlers. */
  rest: Buffer | undefined
  readonly #request: IncomingMessage
  /** How much the connection had received when the request arrived. */
  readonly #received: number | undefined
  #isParsed = false
  #onParsed: ((rest: Buffer | undefined) => void) | undefined

  constructor(request: IncomingMessage, isFirst: boolean) {
    this.#request = request
    this.#received = amountReceived(request.socket)
    const chunk = isFirst && !hasBody(request) ? chunkBeingParsed(request.socket) : NOTHING
    const end = endOfFirstHead(chunk)
    this.isWatched = end !== undefined || whenParsed(request, (rest) => this.#finish(rest))
    if (end !== undefined) this.#finish(end === chunk.length ? NOTHING : Buffer.from(chunk.subarray(end)))
  }

  /** Whether the parser may have taken more since then, as HTTP. */
  get isOver(): boolean {
    return this.#received === undefined || this.#received !== amountReceived(this.#request.socket)
  }

  /** Calls back with the rest as soon as the parser has come there, at once if it has; with `undefined` if the parser does not tell. */
  whenParsed(callback: (rest: Buffer | undefined) => void): void {
    if (this.#isParsed) callback(this.rest)
    else this.#onParsed = callback
  }

  #finish(rest: Buffer | undefined): void {
    this.#isParsed = true
    this.rest = rest
    this.#onParsed?.(rest)
    this.#onParsed = undefined
  }
}

/** Notes the arrival of every upgrade request of this process from now on, by Node's own channel for that. Does nothing the second time. */
export function noteArrivals(): void {
  if (isNoting) return
  isNoting = true
  subscribe('http.server.request.start', onRequestStart)
}

/**
 * What was noted when this request arrived; `undefined` if it is no upgrade request, or nobody noted yet. Tells it once, and does not keep
 * it: the request of a WebSocket lives long.
 */
export function takeArrival(request: Arrived): Http1Arrival | undefined {
  const arrival = request[ARRIVAL]
  request[ARRIVAL] = undefined
  return arrival
}

/** Why the WebSocket's bytes that follow this handshake are not all known, in words; `undefined` if they are, or will be. */
export function lossOf(arrival: Http1Arrival | undefined): string | undefined {
  if (arrival === undefined)
    return 'where it ends is not known, since it arrived before useWebSockets() was called, or at no HTTP server of Node.js'
  if (!arrival.isWatched)
    return 'where it ends is not known, since the HTTP parser of Node.js does not tell (did other requests come in the same packet?)'
  if (!arrival.isOver) return undefined
  return 'the client may have sent more before it was accepted, which was lost because useWebSockets() ran too late: use it first'
}

let isNoting = false
const ARRIVAL = Symbol('Http1Arrival')

interface Arrived extends IncomingMessage {
  [ARRIVAL]?: Http1Arrival | undefined
}

function onRequestStart(message: unknown): void {
  const { request } = message as { readonly request: Arrived }
  const isFirst = isFirstRequest(request.socket)
  if (request.headers.upgrade !== undefined) request[ARRIVAL] = new Http1Arrival(request, isFirst)
}

function hasBody({ headers }: IncomingMessage): boolean {
  return headers['content-length'] !== undefined || headers['transfer-encoding'] !== undefined
}

const NOTHING = Buffer.alloc(0)
