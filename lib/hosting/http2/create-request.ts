/* oxlint-disable no-underscore-dangle -- the undocumented members that node-http-internals.ts declares */
import { IncomingMessage } from 'node:http'
import type { ServerHttp2Stream } from 'node:http2'
import type { Exchange } from './exchange.ts'
import { asNetSocket } from './node-http-internals.ts'
import type { IncomingMessageInternals } from './node-http-internals.ts'

/**
 * Creates the request of a stream as an `IncomingMessage` of `node:http`. Express sets the prototype of every request to its own, which inherits from
 * there, and a request of `node:http2` does not work with that prototype.
 */
export function createRequest(exchange: Exchange): IncomingMessageInternals {
  const { head, isTunnel, socket, stream } = exchange
  const request = new IncomingMessage(asNetSocket(socket)) as IncomingMessageInternals
  const hasBody = !isTunnel && !stream.endAfterHeaders
  const rawHeaders = hasBody && !head.hasContentLength ? [...head.rawHeaders, 'transfer-encoding', 'chunked'] : head.rawHeaders
  request.httpVersion = '2.0'
  request.httpVersionMajor = 2
  request.httpVersionMinor = 0
  request.method = head.method
  request.url = head.target
  request._addHeaderLines(rawHeaders, rawHeaders.length)
  Object.assign(request, { stream })
  if (hasBody) receiveBody(request, stream)
  else endBody(request)
  return request
}

/** Drops an unread body, as `node:http` does when the response has been sent. */
export function discardBody(request: IncomingMessageInternals, stream: ServerHttp2Stream): void {
  request._dump()
  if (request.complete) return
  stream.removeAllListeners('data')
  stream.resume()
  endBody(request)
}

/** Passes on DATA frames as fast as the request is read. While it is not read, the flow-control window of the peer does not grow. */
function receiveBody(request: IncomingMessageInternals, stream: ServerHttp2Stream): void {
  let rawTrailers: string[] = []
  // Before the first listener is added, which would set a stream flowing that was not paused.
  stream.pause()
  stream.on('data', (chunk: Buffer) => {
    if (!request.push(chunk)) stream.pause()
  })
  stream.once('trailers', (_fields: unknown, _flags: number, rawFields: string[]) => {
    rawTrailers = rawFields
  })
  stream.once('end', () => {
    if (request.complete || stream.aborted) return
    endBody(request)
    request._addHeaderLines(rawTrailers, rawTrailers.length)
  })
}

function endBody(request: IncomingMessageInternals): void {
  request.complete = true
  request.push(null)
}
