/* oxlint-disable no-underscore-dangle -- the undocumented members that node-http-internals.ts declares */
import type { Http2SecureServer, Http2Server, ServerHttp2Stream } from 'node:http2'
import { holdUnreadBytes } from '../../web-socket/memory/hold-unread-bytes.ts'
import { createRequest, discardBody } from './create-request.ts'
import { createResponse } from './create-response.ts'
import { rememberExchange } from './exchange.ts'
import type { Exchange } from './exchange.ts'
import type { IncomingMessageInternals, ServerResponseInternals } from './node-http-internals.ts'
import { retainSession } from './stream/retain-session.ts'
import { readRequestHead } from './request-head.ts'
import { resetUnlessEnded } from './stream/reset-unless-ended.ts'
import { ResponseGate } from '../response-gate.ts'
import { StreamSocket } from './stream/stream-socket.ts'
import type { WebSocketMethod } from './web-socket-method.ts'

/** Turns a stream of the server into a request and a response of `node:http`, and emits `'request'` with them. */
export function serveStream(
  server: Http2Server | Http2SecureServer,
  stream: ServerHttp2Stream,
  rawFields: readonly string[],
  webSocketMethod: WebSocketMethod,
): void {
  // First, because a stream that was reset together with its request is already destroyed and will still emit its error.
  stream.on('error', ignoreError)
  retainSession(stream)
  // Other 'stream' listeners of the server may have answered first.
  if (stream.destroyed || stream.headersSent) return
  // Node stops reading a stream at this limit, so the window of the peer stays closed until the request is read.
  holdUnreadBytes(stream, 0)
  const head = readRequestHead(rawFields)
  const isTunnel = head.method === 'CONNECT'
  const exchange: Exchange = { stream, socket: new StreamSocket(stream, isTunnel), head, isTunnel, isAccepting: false, isAccepted: false }
  const request = createRequest(exchange)
  if (head.protocol === 'websocket') request.method = webSocketMethod
  const response = createResponse(request, exchange)
  // Before other code hooks the response.
  if (isTunnel) ResponseGate.of(response)
  rememberExchange(request, exchange)
  response.on('finish', () => onFinish(exchange, request))
  exchange.socket.on('timeout', () => onTimeout(exchange, request, response))
  stream.once('aborted', () => onAborted(exchange))
  stream.once('close', () => onClose(exchange, request, response))
  if (isTunnel && head.protocol === undefined) refuseConnect(server, request, response)
  else if (head.expectation === undefined) server.emit('request', request, response)
  else handleExpectation(server, head.expectation, request, response)
}

/** A plain CONNECT asks for a proxy (RFC 9113, section 8.5). An application that is a proxy listens to `'connect'`, as with `node:http2`. */
function refuseConnect(
  server: Http2Server | Http2SecureServer,
  request: IncomingMessageInternals,
  response: ServerResponseInternals,
): void {
  if (server.emit('connect', request, response)) return
  response.writeHead(NOT_IMPLEMENTED)
  response.end()
}

/** Handles `Expect` (RFC 9110, section 10.1.1) as `node:http` and `node:http2` do. */
function handleExpectation(
  server: Http2Server | Http2SecureServer,
  expectation: string,
  request: IncomingMessageInternals,
  response: ServerResponseInternals,
): void {
  if (expectation.toLowerCase() === '100-continue') {
    if (server.emit('checkContinue', request, response)) return
    response.writeContinue()
    server.emit('request', request, response)
    return
  }
  if (server.emit('checkExpectation', request, response)) return
  response.writeHead(EXPECTATION_FAILED)
  response.end()
}

const EXPECTATION_FAILED = 417
const NOT_IMPLEMENTED = 501

/**
 * Called when the response was sent. The server does not wait for the rest of an unread request but asks the peer to stop (RFC 9113, section 8.1). An
 * application that answers first and continues to read keeps its request.
 */
function onFinish(exchange: Exchange, request: IncomingMessageInternals): void {
  if (exchange.isAccepted) return
  const isCutShort = !request._consuming && !request.complete
  if (!request._consuming) discardBody(request, exchange.stream)
  if (isCutShort || exchange.isTunnel) resetUnlessEnded(exchange.stream)
}

/** Works as `node:http` after the timeout of a socket: emits `'timeout'`, or destroys the stream if there is no listener. */
function onTimeout({ socket }: Exchange, request: IncomingMessageInternals, response: ServerResponseInternals): void {
  const isHandledByRequest = !request.complete && request.emit('timeout', socket)
  const isHandledByResponse = response.emit('timeout', socket)
  if (!isHandledByRequest && !isHandledByResponse) socket.destroy()
}

/** The peer has reset the stream, perhaps with NO_ERROR, and no longer waits for the response. */
function onAborted(exchange: Exchange): void {
  if (!exchange.isTunnel) exchange.socket.destroy()
}

function onClose({ isAccepted }: Exchange, request: IncomingMessageInternals, response: ServerResponseInternals): void {
  if (request.destroyed) return
  // The response of a completed WebSocket was ended but has not finished yet.
  if (isAccepted && response.writableEnded) request.resume()
  else request.destroy(response.writableFinished ? undefined : connectionReset())
}

/** The error that `node:http` gives a request whose connection was reset. */
function connectionReset(): Error {
  return Object.assign(new Error('aborted'), { code: 'ECONNRESET' })
}

function ignoreError(): void {
  // A peer can make any stream fail. The request and the response are notified by 'close', as over HTTP/1.
}
