import type { IncomingMessage, OutgoingHttpHeader, OutgoingHttpHeaders, ServerResponse } from 'node:http'
import type { StreamSocket } from './stream/stream-socket.ts'

/*
 * What this directory touches of node:http that Node does not document. Express, express-session and compression use some of the same.
 * `spec/hosting/http2/node-http-internals.spec.ts` fails if a Node release changes any of it.
 */

/** The undocumented members of `IncomingMessage` that a request over HTTP/2 needs. */
export interface IncomingMessageInternals extends IncomingMessage {
  /** Whether reading the body has begun. */
  _consuming: boolean
  /** Sets `rawHeaders` (or, when `complete`, `rawTrailers`) and what is derived from them. */
  _addHeaderLines(lines: string[], count: number): void
  /** Throws the unread body away. */
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
  /** Called once, by `writeHead()`, explicit or implicit, with the header fields that were set or else with what it was given itself. */
  _storeHeader(statusLine: string, headers: UnsetHeaders): void
  /** Called for every piece that is to leave: informational responses before the head, the body after it. */
  _writeRaw(data: string | Uint8Array, encoding?: BufferEncoding | WriteCallback | null, callback?: WriteCallback | null): boolean
}

/** What `writeHead()` takes: fields by name, a list of names and values in turn, or a list of pairs. */
export type UnsetHeaders = OutgoingHttpHeaders | HeaderList | HeaderPairs | null | undefined

/** Names and values in turn. */
export type HeaderList = readonly OutgoingHttpHeader[]

/** Pairs of a name and a value. */
export type HeaderPairs = readonly (readonly [name: string, value: OutgoingHttpHeader])[]

/** What `write()` calls when a chunk is out. */
export type WriteCallback = (error?: Error | null) => void

/** A stream's socket for the parameter types of `node:http`, which want a `net.Socket` but use only what a {@link StreamSocket} has. */
export function asNetSocket(socket: StreamSocket): IncomingMessage['socket'] {
  return socket as unknown as IncomingMessage['socket']
}
