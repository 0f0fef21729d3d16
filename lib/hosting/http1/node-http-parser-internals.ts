import type { IncomingMessage } from 'node:http'
import type { Socket } from 'node:net'

/*
 * What this package touches of Node's HTTP parser, the `parser` of an HTTP server's socket: `execute()`, which tells how many bytes of a
 * chunk it took; the callback under the number `kOnExecute`, which is told the same where the parser reads from the native connection
 * itself (`_consumed`), when `socket.bytesRead` has counted the chunk; `getCurrentBuffer()`; and `onIncoming()`, which decides whether a request
 * upgrades. The same on Node 20 to 26, and not documented.
 * `spec/hosting/http1/node-http-parser-internals.spec.ts` fails if a Node release changes any of it.
 */

/** The chunk that the socket's parser is at work on, copied; empty outside of its work. */
export function chunkBeingParsed(socket: Socket): Buffer {
  return parserOf(socket)?.getCurrentBuffer() ?? NOTHING
}

/** Whether the socket's parser reads from the native connection itself, so that {@link whenParsed} can watch it at any time. */
export function isReadNatively(socket: Socket): boolean {
  return parserOf(socket)?._consumed === true
}

/** A figure that grows with the received data of the connection; `undefined` if there is no counter. */
export function amountReceived(socket: Socket): number | undefined {
  return socket.bytesRead ?? parserOf(socket)?.[WATCH]?.chunks
}

/** Whether the parser has called back on this connection for the first time. Every request of the connection has to be asked about. */
export function isFirstRequest(socket: SeenSocket): boolean {
  // If the first requests of a connection were not asked about, it was answered or has a response in progress.
  const isFirst = socket[SEEN] !== true && (socket.bytesWritten ?? 0) === 0 && !socket._httpMessage
  socket[SEEN] = true
  const parser = parserOf(socket)
  if (isFirst && parser !== undefined && !parser._consumed) watchExecute(parser, socket)
  return isFirst
}

/**
 * Calls back once the parser has come to the end of the request at work, with a copy of what stands behind it in the same chunk; `undefined`
 * if that is not known. The parser stops there, and Node drops what it did not take.
 * @returns `false` if it will not be known, unless the request ends in a later chunk.
 */
export function whenParsed(request: IncomingMessage, callback: (rest: Buffer | undefined) => void): boolean {
  const parser = parserOf(request.socket)
  if (parser?._consumed) return watchNative(parser, request, callback)
  const watch = parser?.[WATCH]
  if (watch === undefined) return false
  watch.onParsed = (taken, chunk) => {
    if (request.complete) callback(restOf(chunk, taken))
    return request.complete
  }
  if (watch.isParsing) return true
  // The current call of `execute()` cannot be watched.
  process.nextTick(() => {
    if (watch.onParsed?.(undefined, NOTHING)) watch.onParsed = undefined
  })
  return false
}

/**
 * From now on the parser takes nothing of what arrives on the socket: `listener` gets it. The way in is the parser, and not the server's
 * `'data'` listener, which an agent may have wrapped.
 * @returns `false` if there is no parser, or not any more.
 */
export function divertFromParser(socket: Socket, listener: (chunk: Buffer) => void): boolean {
  const parser = parserOf(socket)
  if (parser === undefined) return false
  parser.execute = function divert(chunk) {
    if (!isParserOf(parser, socket)) return restoreExecute(parser)(chunk)
    const watch = parser[WATCH]
    if (watch !== undefined) watch.chunks++
    listener(chunk)
    return chunk.length
  }
  if (parser._consumed) {
    // A 'data' listener is what makes Node's server read from the stream again, and hand what is read to `execute()`.
    socket.on('data', ignore)
    socket.removeListener('data', ignore)
  }
  return true
}

/**
 * Decides, for each upgrade request of the connection, whether it goes to the server's `'upgrade'` listeners, as if there were some, or the
 * ordinary way, as if there were none.
 */
export function decideUpgradesOf(socket: Socket, shouldUpgrade: (request: IncomingMessage) => boolean): void {
  const parser = parserOf(socket)
  const onIncoming = parser?.onIncoming
  if (parser === undefined || typeof onIncoming !== 'function') return
  parser.onIncoming = function decide(request, ...values) {
    if (request.upgrade && request.method !== 'CONNECT' && !shouldUpgrade(request)) request.upgrade = false
    return onIncoming.call(this, request, ...values)
  }
}

/** Ends {@link divertFromParser}: the parser takes the next chunk. What `listener` got is not given back. */
export function returnToParser(socket: Socket): void {
  const parser = parserOf(socket)
  if (parser !== undefined) watchExecute(parser, socket)
}

/** Takes the parser from its socket for good, and frees it. */
export function releaseParser(socket: Socket): void {
  const parser = parserOf(socket)
  if (parser === undefined) return
  const owner = socket as unknown as SocketWithParser
  owner.parser = null
  // Node's server has wrapped them to watch for readers beside the parser.
  const prototype = Object.getPrototypeOf(socket) as Socket
  for (const name of ['on', 'addListener', 'prependListener'] as const) socket[name] = prototype[name]
  // A listener of the server that is still there may have something to parse.
  parser.execute = takeAll
  parser.remove()
  parser.close()
}

interface HttpParser {
  /** Called with the head of each request. */
  onIncoming?: (request: IncomingMessage & { upgrade?: boolean }, ...values: unknown[]) => unknown
  readonly constructor: { readonly kOnExecute?: unknown }
  /** Whether it reads from the native connection, without the stream. */
  readonly _consumed?: boolean
  /** Parses a chunk; returns how many bytes it took, or an error. */
  execute: Execute
  /** The chunk at work, copied. */
  getCurrentBuffer(): Buffer
  /** Takes the parser off the server's list of connections, and so out of the reach of `requestTimeout` and `headersTimeout`. */
  remove(): void
  /** Frees the native object. */
  close(): void
  [WATCH]?: Watch | undefined
  /** What it calls back, by number. */
  [event: number]: unknown
}

/** Of a parser that is handed what was read from a stream. */
interface Watch {
  chunks: number
  /** Whether what it takes of the chunk at work will be known. */
  isParsing: boolean
  /** Tells whether it has heard what it waits for. */
  onParsed: ((taken: unknown, chunk: Buffer) => boolean) | undefined
}

const WATCH = Symbol('Watch')
const SEEN = Symbol('isSeen')

interface SeenSocket extends Socket {
  [SEEN]?: true
  /** The response under way. */
  readonly _httpMessage?: unknown
}

type Execute = (chunk: Buffer, ...values: unknown[]) => unknown

interface SocketWithParser {
  parser: HttpParser | null | undefined
}

function parserOf(socket: Socket): HttpParser | undefined {
  const parser = (socket as unknown as SocketWithParser).parser
  return typeof parser?.execute === 'function' ? parser : undefined
}

/** Node uses parsers again, for other connections. */
function isParserOf(parser: HttpParser, socket: Socket): boolean {
  return (socket as unknown as SocketWithParser).parser === parser
}

function watchNative(parser: HttpParser, request: IncomingMessage, callback: (rest: Buffer | undefined) => void): boolean {
  const { kOnExecute } = parser.constructor
  const onExecute = typeof kOnExecute === 'number' ? parser[kOnExecute] : undefined
  if (typeof kOnExecute !== 'number' || typeof onExecute !== 'function') return false
  parser[kOnExecute] = function onExecuteWatched(taken: unknown): unknown {
    const { complete, socket } = request
    const isOurs = isParserOf(parser, socket)
    // What was taken in this chunk is all that the connection has received, if this is its first chunk and has nothing behind: no need to copy it.
    if (isOurs && complete) callback(taken === socket.bytesRead ? NOTHING : restOf(parser.getCurrentBuffer(), taken))
    // A body may still be coming.
    if (!isOurs || complete) parser[kOnExecute] = onExecute
    return onExecute.call(this, taken)
  }
  return true
}

/** It can only be watched from the next chunk on: at the first one, Node's call of `execute()` is under way. */
function watchExecute(parser: HttpParser, socket: Socket): void {
  const watch: Watch = { chunks: 0, isParsing: false, onParsed: undefined }
  parser[WATCH] = watch
  parser.execute = function watched(chunk, ...values) {
    if (!isParserOf(parser, socket)) return restoreExecute(parser)(chunk, ...values)
    watch.chunks++
    watch.isParsing = true
    const execute = Object.getPrototypeOf(parser).execute as Execute
    const taken = execute.call(parser, chunk, ...values)
    watch.isParsing = false
    if (watch.onParsed?.(taken, chunk) === true) watch.onParsed = undefined
    return taken
  }
}

/** A copy of what the parser has not taken of a chunk; an error in place of the count ends the connection. */
function restOf(chunk: Buffer, taken: unknown): Buffer | undefined {
  if (typeof taken !== 'number') return undefined
  return taken === chunk.length ? NOTHING : Buffer.from(chunk.subarray(taken))
}

/** Gives the parser its own method back. */
function restoreExecute(parser: HttpParser): Execute {
  Reflect.deleteProperty(parser, 'execute')
  parser[WATCH] = undefined
  return (chunk, ...values) => parser.execute(chunk, ...values)
}

function takeAll({ length }: Buffer): number {
  return length
}

function ignore(): void {}

const NOTHING = Buffer.alloc(0)
