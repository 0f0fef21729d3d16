/* oxlint-disable no-underscore-dangle -- the undocumented members that node-http-internals.ts declares */
import { ServerResponse } from 'node:http'
import type { IncomingMessage } from 'node:http'
import type { Exchange } from './exchange.ts'
import { asNetSocket } from './node-http-internals.ts'
import type { ServerResponseInternals, WriteCallback } from './node-http-internals.ts'
import { addHeaders, parseFieldLines, responseFields } from './response-fields.ts'

/**
 * Creates the response of a stream as a `ServerResponse` of `node:http` with two methods replaced: the one that writes the head as text, and the one
 * that writes to the socket. Everything else, from `setHeader()` to the order of events, is Node's. The replacements are properties of the instance,
 * because Express replaces the prototype.
 */
export function createResponse(request: IncomingMessage, exchange: Exchange): ServerResponseInternals {
  const { socket, stream } = exchange
  const response = new ServerResponse(request) as ServerResponseInternals
  response._storeHeader = (statusLine, headers) => {
    // `writeHead()` has added its fields to those that were set; if none were set, it only passes its own.
    if (response.getHeaderNames().length === 0) addHeaders(response, headers)
    sendHead(response, exchange, statusLine)
  }
  response._writeRaw = createBodyWriter(response, exchange)
  Object.defineProperty(response, 'writableNeedDrain', {
    configurable: true,
    get: () => stream.writableNeedDrain && !response.destroyed && !response.finished,
  })
  Object.assign(response, { stream })
  response.assignSocket(asNetSocket(socket))
  response.on('prefinish', () => {
    if (exchange.isAccepted) return
    // The data of a refused peer is dropped. Otherwise Node would reset the unread stream and the response with it.
    if (exchange.isTunnel) stream.resume()
    stream.end()
  })
  stream.on('drain', () => {
    if (!exchange.isAccepted && !response.finished) response.emit('drain')
  })
  stream.on('wantTrailers', () => stream.sendTrailers(parseFieldLines(response._trailer)))
  return response
}

/** Opens the accepted tunnel: sends the head that {@link createResponse} has kept. */
export function openTunnel(response: ServerResponseInternals, exchange: Exchange): void {
  exchange.isAccepting = false
  exchange.isAccepted = true
  response._hasBody = false
  respond(response, exchange)
  response._headerSent = true
}

/** Returns the response to the application, because the tunnel is not opened. */
export function cancelTunnel(response: ServerResponseInternals, exchange: Exchange): void {
  exchange.isAccepting = false
  // A response that a hook has ended stays ended. Without a head, error handlers would answer again.
  if (!response.writableEnded) response._header = null
}

function sendHead(response: ServerResponseInternals, exchange: Exchange, statusLine: string): void {
  const { isAccepting, isTunnel, stream } = exchange
  response._header = statusLine
  // A status that was set before the accept, or by a hook, must not be sent.
  if (isAccepting) {
    response.statusCode = OK
    return
  }
  // To the peer, a 2xx means that the tunnel is open and that the body contains the first frames (RFC 8441, section 5).
  if (isTunnel && response.statusCode >= 200 && response.statusCode < 300) response.statusCode = NOT_IMPLEMENTED
  // HTTP/2 has no 101 (RFC 9113, section 8.6), and no other 1xx ends a request.
  if (response.statusCode < 200) response.statusCode = INTERNAL_SERVER_ERROR
  if (!stream.destroyed && !stream.closed) respond(response, exchange)
  response._headerSent = true
}

const OK = 200
const INTERNAL_SERVER_ERROR = 500
const NOT_IMPLEMENTED = 501

function respond(response: ServerResponseInternals, exchange: Exchange): void {
  const fields = responseFields(response)
  const isLengthKnown = fields['content-length'] !== undefined
  // `end()` has set it if nothing was written before: the length of the whole body.
  const length = response._contentLength
  const isEnded = length === 0 && response._trailer === ''
  const mayHaveBody = response._hasBody && !exchange.isAccepted
  if (mayHaveBody && !isLengthKnown && length !== null && response._trailer === '') fields['content-length'] = length
  exchange.stream.respond(fields, {
    endStream: mayHaveBody ? isEnded : !exchange.isAccepted,
    sendDate: response.sendDate,
    // As over HTTP/1, where trailers need the chunked encoding, so the length is not known.
    waitForTrailers: mayHaveBody && !isEnded && !isLengthKnown && length === null,
  } as Parameters<typeof exchange.stream.respond>[1])
}

/** Replaces the write to the socket. Empty chunks are not written, but their callbacks wait for earlier writes. */
function createBodyWriter(response: ServerResponseInternals, { stream }: Exchange): ServerResponseInternals['_writeRaw'] {
  let pendingWrites = 0
  let waiting: WriteCallback[] = []
  return function writeRaw(data, encoding, callback) {
    if (stream.destroyed) return false
    const done = typeof encoding === 'function' ? encoding : callback
    if (!response._headerSent) {
      sendInformation(response, stream, String(data))
      if (done) process.nextTick(done)
      return true
    }
    if (data.length === 0 || stream.writableEnded) {
      if (done && pendingWrites > 0) waiting.push(done)
      else if (done) process.nextTick(done)
      return !stream.writableNeedDrain
    }
    pendingWrites += 1
    return stream.write(data, typeof encoding === 'string' ? encoding : 'utf8', (error) => {
      pendingWrites -= 1
      done?.(error)
      // After an error, nothing that follows is written either.
      if (pendingWrites > 0 && !error) return
      const ready = waiting
      waiting = []
      for (const next of ready) next(error)
    })
  }
}

/** `writeContinue()`, `writeProcessing()` and `writeEarlyHints()` pass the text of an HTTP/1 response. */
function sendInformation(response: ServerResponseInternals, stream: Exchange['stream'], text: string): void {
  const [statusLine = '', ...lines] = text.split('\r\n')
  if (stream.closed || response.destroyed) return
  stream.additionalHeaders({ ...parseFieldLines(lines.join('\r\n')), ':status': Number(statusLine.split(' ')[1]) })
}
