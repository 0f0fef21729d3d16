import { subscribe } from 'node:diagnostics_channel'
import type { IncomingMessage } from 'node:http'
import { findHeadEnd } from './http1-head-end.ts'
import { chunkBeingParsed } from './node-http-internals.ts'

/**
 * What can only be seen while an upgrade request arrives. Node's parser stops after the head of such a request and forgets the rest of the
 * chunk, and what comes later it takes for HTTP: a middleware that runs after something asynchronous could not tell what it has missed.
 */
export interface Http1Arrival {
  /** What came in the same chunk as the end of the head; `undefined` if that could not be told. */
  readonly rest: Buffer | undefined
  /** How much the connection had received by then. */
  readonly bytesRead: number
}

/** Notes the arrival of every WebSocket handshake of this process from now on, by Node's own channel for that. Does nothing the second time. */
export function noteArrivals(): void {
  if (isNoting) return
  isNoting = true
  subscribe('http.server.request.start', onRequestStart)
}

/**
 * What was noted when this request arrived; `undefined` if it was no handshake, or nobody noted yet. Tells it once, and does not keep it: the
 * request of a WebSocket lives long.
 */
export function takeArrival(request: Arrived): Http1Arrival | undefined {
  const arrival = request[ARRIVAL]
  request[ARRIVAL] = undefined
  return arrival
}

let isNoting = false
const ARRIVAL = Symbol('Http1Arrival')

interface Arrived extends IncomingMessage {
  [ARRIVAL]?: Http1Arrival | undefined
}

function onRequestStart(message: unknown): void {
  const { request } = message as { readonly request: Arrived }
  const { 'sec-websocket-key': key, upgrade } = request.headers
  if (key === undefined || upgrade === undefined) return
  const chunk = chunkBeingParsed(request.socket)
  const headEnd = findHeadEnd(chunk, request.rawHeaders, key)
  request[ARRIVAL] = { rest: headEnd < 0 ? undefined : restOf(chunk, headEnd), bytesRead: request.socket.bytesRead }
}

/** Nothing, as a rule: then the chunk is not held on to. */
function restOf(chunk: Buffer, headEnd: number): Buffer {
  return headEnd === chunk.length ? EMPTY : chunk.subarray(headEnd)
}

const EMPTY = Buffer.alloc(0)
