import { subscribe } from 'node:diagnostics_channel'
import type { IncomingMessage, ServerResponse } from 'node:http'
import { endOfFirstHead } from './end-of-first-head.ts'
import { endConnectionAfter } from './http1-last-response.ts'
import { ResponseGate } from '../response-gate.ts'
import { serverOf } from './node-http-internals.ts'
import {
  amountReceived,
  chunkBeingParsed,
  divertFromParser,
  isFirstRequest,
  isReadNatively,
  whenParsed,
} from './node-http-parser-internals.ts'

/**
 * The record of an upgrade request, taken while it arrives. Node's parser stops after such a request, drops the rest of the chunk, and parses later
 * data as HTTP, even in the middle of a body. So if data follows the request, the request must be the last one of its connection.
 */
export class Http1Arrival {
  /** Whether the end of the request is known, or the parser will report it. */
  readonly isWatched: boolean
  /**
   * The data after the request in the same chunk; `undefined` if it is unknown. The parser may report it only after the request listeners have
   * returned.
   */
  rest: Buffer | undefined
  readonly #message: RequestStart
  /** The result of `amountReceived()` when the request arrived. */
  readonly #received: number | undefined
  #isParsed = false
  #isDiverted = false

  constructor(message: RequestStart, isFirst: boolean) {
    const { request } = message
    this.#message = message
    this.#received = amountReceived(request.socket)
    const isChunkNeeded = isFirst && !isReadNatively(request.socket) && !hasBody(request)
    const chunk = isChunkNeeded ? chunkBeingParsed(request.socket) : undefined
    const end = chunk && endOfFirstHead(chunk)
    this.isWatched = end !== undefined || whenParsed(request, (rest) => this.#finish(rest))
    if (chunk !== undefined && end !== undefined) this.#finish(end === chunk.length ? NOTHING : Buffer.from(chunk.subarray(end)))
  }

  /** Whether the parser may have parsed later data as HTTP. */
  get mayHaveParsedLaterData(): boolean {
    return this.#received === undefined || this.#received !== amountReceived(this.#message.request.socket)
  }

  /** Passes all data that arrives from now on to `listener` instead of the parser. */
  divert(listener: (chunk: Buffer) => void): void {
    this.#isDiverted = true
    divertFromParser(this.#message.request.socket, listener)
  }

  /** Keeps data whose beginning was dropped away from the parser. */
  protectParser(): void {
    if (!this.#isParsed || this.rest?.length === 0) return
    endConnectionAfter(this.#message.response)
    if (!this.#isDiverted) divertFromParser(this.#message.request.socket, drop)
  }

  #finish(rest: Buffer | undefined): void {
    this.rest = rest
    this.#isParsed = true
    if (isProtected(this.#message.request)) this.protectParser()
  }
}

/** Records the arrival of every later upgrade request of this process, through a diagnostics channel of Node. Further calls have no effect. */
export function recordArrivals(): void {
  if (isRecording) return
  isRecording = true
  subscribe('http.server.request.start', onRequestStart)
}

/**
 * Returns the record of the arrival of a request, once. It is not kept, because the request of a WebSocket lives long. `undefined` if the request is
 * no upgrade request, or arrived before {@link recordArrivals} was called.
 */
export function takeArrival(request: RequestWithArrival): Http1Arrival | undefined {
  const arrival = request[ARRIVAL]
  request[ARRIVAL] = undefined
  arrival?.protectParser()
  return arrival
}

/** From now on, the server that received the request never parses data that may have lost its beginning. */
export function protectServerOf(request: IncomingMessage): void {
  const server = serverOf(request)
  if (server !== undefined) servers.add(server)
}

/** The servers that use this middleware. Upgrade requests of other servers are left as they are. */
const servers = new WeakSet<object>()

function isProtected(request: IncomingMessage): boolean {
  const server = serverOf(request)
  return server !== undefined && servers.has(server)
}

/** Why bytes of the WebSocket may have been lost, for a message; `undefined` if all are known or will be. */
export function explainLoss(arrival: Http1Arrival | undefined): string | undefined {
  if (arrival === undefined)
    return 'its end is not known, because it arrived before useWebSockets() was called, or not through an HTTP server of Node.js'
  if (!arrival.isWatched)
    return 'its end is not known, because the HTTP parser of Node.js did not report it (did other requests come in the same packet?)'
  if (!arrival.mayHaveParsedLaterData) return undefined
  return 'data that the client sent after it may have been lost, because useWebSockets() ran too late; use it before other middleware'
}

let isRecording = false
const ARRIVAL = Symbol('Http1Arrival')

interface RequestWithArrival extends IncomingMessage {
  [ARRIVAL]?: Http1Arrival | undefined
}

interface RequestStart {
  readonly request: RequestWithArrival
  readonly response: ServerResponse
}

function onRequestStart(message: unknown): void {
  const { request, response } = message as RequestStart
  const isFirst = isFirstRequest(request.socket)
  if (request.headers.upgrade === undefined) return
  request[ARRIVAL] = new Http1Arrival({ request, response }, isFirst)
  // Before other code hooks the response.
  ResponseGate.of(response)
}

function hasBody({ headers }: IncomingMessage): boolean {
  return headers['content-length'] !== undefined || headers['transfer-encoding'] !== undefined
}

function drop(): void {}

const NOTHING = Buffer.alloc(0)
