import { channel } from 'node:diagnostics_channel'
import { ServerResponse, STATUS_CODES } from 'node:http'
import { ResponseGate } from '../response-gate.ts'
import { serverOf } from './node-http-internals.ts'

/*
 * The undocumented parts of a response that refer to the state of its HTTP server for the connection: the listener that continues with the next
 * request, the counter of waiting bytes, and, since Node 26, a property. Also the text of its head, and how it closes.
 * `spec/hosting/http1/node-response-internals.spec.ts` fails if a Node release changes any of them. Without them, only memory is lost.
 */

/**
 * Releases what the HTTP server keeps for the next request: its parser, its listeners and lists. A connection that was taken over has no next
 * request, and these 1.5 KiB would live as long as the WebSocket. Tracers are still notified of the end of the response.
 */
export function releaseServerState(response: ServerResponse): void {
  const listener = response.listeners('finish').find(({ name }) => FINISH_LISTENERS.has(name))
  response.prependListener('finish', onFinish)
  if (listener === undefined) return
  response.removeListener('finish', listener as () => void)
  const owner = response as unknown as StateOwner
  owner._onPendingData = ignorePendingData
  // Only Node 26 has the property. The search takes longer than everything else here.
  if (listener.name !== FINISH_LISTENER_OF_26) return
  const state = Object.getOwnPropertySymbols(response).find(({ description }) => description === 'ConnectionState')
  if (state !== undefined) owner[state] = undefined
}

/** Releases the text of the head, which was sent: 1 KiB and more with helmet. `getHeader()` still returns every field. */
export function releaseHead(response: ServerResponse): void {
  const owner = response as unknown as StateOwner
  if (typeof owner._header === 'string') owner._header = SWITCHING_PROTOCOLS
}

/**
 * Completes a request and its response without an error while their connection closes. The response finishes now and closes with the connection. The
 * request ends, instead of being aborted.
 */
export function completeExchange(response: ServerResponse, status: number, isConnectionOpen: boolean): void {
  const { req: request, socket } = response
  if (isConnectionOpen) request.socket.once('close', () => close(response))
  else response.once('finish', () => process.nextTick(close, response))
  // Otherwise the response would close with the connection, before it finishes.
  if (socket !== null) ServerResponse.prototype.detachSocket.call(response, socket)
  // An error handler may have set another status, which was not sent.
  response.statusCode = status
  response.statusMessage = STATUS_CODES[status] ?? ''
  ResponseGate.of(response).end()
  request.resume()
}

interface StateOwner {
  _closed: boolean
  /** The text of the head; `null` before there is one. `headersSent` reads it. */
  _header: string | null
  _onPendingData: (bytes: number) => void
  [state: symbol]: unknown
}

/** Notifies tracers as the removed listener does. {@link completeExchange} or the connection closes the response. */
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

/** The channel that tells tracers that a response has finished. */
const finishes = channel('http.server.response.finish')

const FINISH_LISTENER_OF_26 = 'onResponseFinish'
const FINISH_LISTENERS = new Set(['bound resOnFinish', FINISH_LISTENER_OF_26])
