import type { IncomingMessage, OutgoingHttpHeader, OutgoingHttpHeaders, ServerResponse } from 'node:http'
import type { StreamSocket } from './stream/stream-socket.ts'

/*
 * The undocumented parts of node:http that this directory uses. Express, express-session and compression use some of them too.
 * `spec/hosting/http2/node-http-internals.spec.ts` fails if a Node release changes any of them.
 */

/** The undocumented members of `IncomingMessage` that a request over HTTP/2 needs. */
export interface IncomingMessageInternals extends IncomingMessage {
  /** Whether reading the body has begun. */
  _consuming: boolean
  /** Sets `rawHeaders` (or, when `complete`, `rawTrailers`) and everything that is derived from them. */
  _addHeaderLines(lines: string[], count: number): void
  /** Discards the unread body. */
  _dump(): void
}

/** The undocumented members of `ServerResponse` that a response over HTTP/2 needs. */
export interface ServerResponseInternals extends ServerResponse {
  _contentLength: number | null
  _hasBody: boolean
  _header: string | null
  _headerSent: boolean
  /** `name: value` lines of the trailers. */
  _trailer: string
  /** Called once, by an explicit or implicit `writeHead()`, with the header fields that were set, or else with the arguments of `writeHead()`. */
  _storeHeader(statusLine: string, headers: UnsetHeaders): void
  /** Called for every chunk to send: informational responses before the head, the body after it. */
  _writeRaw(data: string | Uint8Array, encoding?: BufferEncoding | WriteCallback | null, callback?: WriteCallback | null): boolean
}

/** The header fields that `writeHead()` accepts: an object, a list of alternating names and values, or a list of pairs. */
export type UnsetHeaders = OutgoingHttpHeaders | HeaderList | HeaderPairs | null | undefined

/** Alternating names and values. */
export type HeaderList = readonly OutgoingHttpHeader[]

/** Pairs of a name and a value. */
export type HeaderPairs = readonly (readonly [name: string, value: OutgoingHttpHeader])[]

/** The callback of `write()`. */
export type WriteCallback = (error?: Error | null) => void

/** The socket of a stream, for parameters of `node:http` that require a `net.Socket` but only use members of {@link StreamSocket}. */
export function asNetSocket(socket: StreamSocket): IncomingMessage['socket'] {
  return socket as unknown as IncomingMessage['socket']
}
