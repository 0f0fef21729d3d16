import { channel } from 'node:diagnostics_channel'
import { ServerResponse, STATUS_CODES } from 'node:http'
import { ResponseGate } from '../response-gate.ts'
import { serverOf } from './node-http-internals.ts'

/*
 * By what a response leads to the state that its HTTP server keeps of the connection: the listener that goes on with the next request, the
 * counter of bytes that wait, and, since Node 26, a property; its head as text; and how it closes. Node documents none of these.
 * `spec/hosting/http1/node-response-internals.spec.ts` fails if a Node release changes any of it; without it, only memory is lost.
 */

/**
 * Lets go of what the HTTP server needs for a next request, which will not come on a connection that was taken: its parser, its listeners and
 * lists, 1.5 KiB that would live as long as the WebSocket does. What the response's end means to others stays.
 */
export function releaseServerState(response: ServerResponse): void {
  const listener = response.listeners('finish').find(({ name }) => FINISH_LISTENERS.has(name))
  response.prependListener('finish', onFinish)
  if (listener === undefined) return
  response.removeListener('finish', listener as () => void)
  const owner = response as unknown as StateOwner
  owner._onPendingData = ignorePendingData
  // Only where there is one: going over all symbols takes longer than everything else here.
  if (listener.name !== FINISH_LISTENER_OF_26) return
  const state = Object.getOwnPropertySymbols(response).find(({ description }) => description === 'ConnectionState')
  if (state !== undefined) owner[state] = undefined
}

/**
 * Lets go of the head as text, which has been handed to the connection: 1 KiB and more behind helmet. Every field can still be asked for by
 * `getHeader()`.
 */
export function releaseHead(response: ServerResponse): void {
  const owner = response as unknown as StateOwner
  if (typeof owner._header === 'string') owner._header = SWITCHING_PROTOCOLS
}

/**
 * Ends an exchange whose connection is closing as one that went well: the response finishes, and closes with the connection; the request ends, rather
 * than being broken off.
 */
export function completeExchange(response: ServerResponse, status: number, isConnectionOpen: boolean): void {
  const { req: request, socket } = response
  if (isConnectionOpen) request.socket.once('close', () => close(response))
  else response.once('finish', () => process.nextTick(close, response))
  // Else the response would close with the connection, before it finishes.
  if (socket !== null) ServerResponse.prototype.detachSocket.call(response, socket)
  // An error handler may have set another one, which was not sent.
  response.statusCode = status
  response.statusMessage = STATUS_CODES[status] ?? ''
  ResponseGate.of(response).end()
  request.resume()
}

interface StateOwner {
  _closed: boolean
  /** The head as text, once there is one; what `headersSent` looks at. */
  _header: string | null
  _onPendingData: (bytes: number) => void
  [state: symbol]: unknown
}

/** What the server's listener does for others. That the response closes is for {@link completeExchange}, or up to its connection. */
function onFinish(this: ServerResponse): void {
  const { req: request } = this
  if (finishes.hasSubscribers) finishes.publish({ request, response: this, socket: request.socket, server: serverOf(request) })
}

function close(response: ServerResponse): void {
  if (response.closed) return
  response.destroyed = true
  const owner = response as unknown as StateOwner
  owner._closed = true
  response.emit('close')
}

function ignorePendingData(): void {}

const SWITCHING_PROTOCOLS = 'HTTP/1.1 101 Switching Protocols\r\n\r\n'

/** By which tracers know that a response has finished. */
const finishes = channel('http.server.response.finish')

const FINISH_LISTENER_OF_26 = 'onResponseFinish'
const FINISH_LISTENERS = new Set(['bound resOnFinish', FINISH_LISTENER_OF_26])
