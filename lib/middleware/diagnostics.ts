import { channel } from 'node:diagnostics_channel'
import type { Channel } from 'node:diagnostics_channel'
import type { IncomingMessage } from 'node:http'
import { debuglog } from 'node:util'
import type { AcceptedWebSocket } from './accepted-web-socket.ts'
import type { WebSocketCompletion } from '../web-socket/values/web-socket-completion.ts'

/** On `express-use-websockets:accept`: a WebSocket was accepted. */
export interface WebSocketAcceptEvent {
  /** The request that asked for it. */
  readonly request: IncomingMessage
  /** The socket that was accepted. */
  readonly webSocket: AcceptedWebSocket
}

/** On `express-use-websockets:refuse`: a WebSocket request was answered by the middleware itself. */
export interface WebSocketRefuseEvent {
  /** The request that was refused. */
  readonly request: IncomingMessage
  /** The status of the answer: 403 for its origin, 503 if there are too many connections or the server is closing. */
  readonly statusCode: number
  /** Why, in words; for people, and free to change. */
  readonly reason: string
}

/** On `express-use-websockets:close`: a WebSocket has completed, in whichever way. */
export interface WebSocketCloseEvent {
  /** The request that asked for it. */
  readonly request: IncomingMessage
  /** The socket, on which nothing more can happen. */
  readonly webSocket: AcceptedWebSocket
  /** How it ended. */
  readonly completion: WebSocketCompletion
  /** The code that the client has seen: that of our Close frame, 1005 if it had none, 1006 if the client was sent no Close frame. */
  readonly peerCloseStatus: number
  /** From accept to completion, in milliseconds. */
  readonly duration: number
}

/** On `express-use-websockets:error`: a WebSocket ended by an error: of the peer, of the connection, or of the handler. */
export interface WebSocketErrorEvent {
  /** The request that asked for it. */
  readonly request: IncomingMessage
  /** The socket that ended, or is about to. */
  readonly webSocket: AcceptedWebSocket
  /** A `WebSocketException`, or whatever the handler threw. */
  readonly error: unknown
}

/** On `express-use-websockets:drain`: `closeAsync` of the middleware has begun, and later ended. */
export interface WebSocketDrainEvent {
  /** Whether it has begun or ended. */
  readonly phase: 'start' | 'end'
  /** Sockets that were open when it began. */
  readonly connections: number
  /** Of these, how many had to be aborted: 0 at the start. */
  readonly aborted: number
}

/**
 * Publishes what happens on `node:diagnostics_channel`, and prints it with `NODE_DEBUG=express-use-websockets`. Costs a flag check
 * each when nobody listens.
 */
export const diagnostics = {
  accept: (event: WebSocketAcceptEvent): void => report(acceptChannel, event, 'accepted', event.request.url),
  refuse: (event: WebSocketRefuseEvent): void => report(refuseChannel, event, 'refused', event.request.url, event.statusCode, event.reason),
  close: (event: WebSocketCloseEvent): void =>
    report(closeChannel, event, 'closed', event.request.url, event.peerCloseStatus, event.duration),
  error: (event: WebSocketErrorEvent): void => report(errorChannel, event, 'failed', event.request.url, event.error),
  drain: (event: WebSocketDrainEvent): void => report(drainChannel, event, 'drain', event.phase, event.connections, event.aborted),
}

// Channels live as long as somebody holds them.
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
