import { channel } from 'node:diagnostics_channel'
import type { Channel } from 'node:diagnostics_channel'
import type { IncomingMessage } from 'node:http'
import { debuglog } from 'node:util'
import type { AcceptedWebSocket } from './accepted-web-socket.ts'
import type { WebSocketCompletion } from '../web-socket/values/web-socket-completion.ts'

/** Published on `express-use-websockets:accept` when a WebSocket was accepted. */
export interface WebSocketAcceptEvent {
  /** The request that asked for it. */
  readonly request: IncomingMessage
  /** The socket that was accepted. */
  readonly webSocket: AcceptedWebSocket
}

/** Published on `express-use-websockets:refuse` when the middleware itself refuses a WebSocket request. */
export interface WebSocketRefuseEvent {
  /** The request that was refused. */
  readonly request: IncomingMessage
  /** The status of the response: 403 for a forbidden origin, 503 if there are too many connections or the server is closing. */
  readonly statusCode: number
  /** The reason, as text for people. The text may change in any release. */
  readonly reason: string
}

/** Published on `express-use-websockets:close` when a WebSocket has ended, cleanly or not. */
export interface WebSocketCloseEvent {
  /** The request that asked for it. */
  readonly request: IncomingMessage
  /** The socket, which has ended. */
  readonly webSocket: AcceptedWebSocket
  /** How it ended. */
  readonly completion: WebSocketCompletion
  /** The code that the client saw: the code of our Close frame, 1005 if the frame had no code, 1006 if we sent no Close frame. */
  readonly peerCloseStatus: number
  /** The time from accept to completion, in milliseconds. */
  readonly duration: number
}

/** Published on `express-use-websockets:error` when an error of the peer, the connection or the handler ends a WebSocket. */
export interface WebSocketErrorEvent {
  /** The request that asked for it. */
  readonly request: IncomingMessage
  /** The socket that has ended or is about to end. */
  readonly webSocket: AcceptedWebSocket
  /** A `WebSocketException`, or the value that the handler threw. */
  readonly error: unknown
}

/** Published on `express-use-websockets:drain` when `closeAsync()` of the middleware begins, and again when it ends. */
export interface WebSocketDrainEvent {
  /** Whether the drain has begun or ended. */
  readonly phase: 'start' | 'end'
  /** The number of sockets that were open when the drain began. */
  readonly connections: number
  /** The number of these sockets that were aborted; 0 at the start. */
  readonly aborted: number
}

/**
 * Publishes events on `node:diagnostics_channel`, and prints them with `NODE_DEBUG=express-use-websockets`. An event without
 * subscribers costs one check of a flag.
 */
export const diagnostics = {
  accept: (event: WebSocketAcceptEvent): void => report(acceptChannel, event, 'accepted', event.request.url),
  refuse: (event: WebSocketRefuseEvent): void => report(refuseChannel, event, 'refused', event.request.url, event.statusCode, event.reason),
  close: (event: WebSocketCloseEvent): void =>
    report(closeChannel, event, 'closed', event.request.url, event.peerCloseStatus, event.duration),
  error: (event: WebSocketErrorEvent): void => report(errorChannel, event, 'failed', event.request.url, event.error),
  drain: (event: WebSocketDrainEvent): void => report(drainChannel, event, 'drain', event.phase, event.connections, event.aborted),
}

// A channel without a reference to it is garbage-collected.
const acceptChannel = channel('express-use-websockets:accept')
const refuseChannel = channel('express-use-websockets:refuse')
const closeChannel = channel('express-use-websockets:close')
const errorChannel = channel('express-use-websockets:error')
const drainChannel = channel('express-use-websockets:drain')

const debug = debuglog('express-use-websockets')

function report(to: Channel, event: object, ...words: readonly unknown[]): void {
  if (to.hasSubscribers) to.publish(event)
  if (debug.enabled) debug('%s', words.join(' '))
}
