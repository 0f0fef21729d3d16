import type { IncomingMessage } from 'node:http'
import type { Socket } from 'node:net'

/*
 * The undocumented parts of Node's HTTP parser, the `parser` of the socket of an HTTP server, that this package uses:
 * - `execute()` parses a chunk and returns how many bytes it took.
 * - The callback with the number `kOnExecute` gets the same count if the parser reads from the native connection itself (`_consumed`).
 *   `socket.bytesRead` then includes the chunk.
 * - `getCurrentBuffer()` returns the chunk.
 * - `onIncoming()` decides whether a request upgrades.
 * They are the same on Node 20 to 26. `spec/hosting/http1/node-http-parser-internals.spec.ts` fails if a Node release changes any of them.
 */

/** A copy of the chunk that the parser of the socket is parsing; empty if it is not parsing. */
export function chunkBeingParsed(socket: Socket): Buffer {
  return parserOf(socket)?.getCurrentBuffer() ?? NOTHING
}

/** Whether the parser of the socket reads from the native connection itself, so that {@link whenParsed} can watch it at any time. */
export function isReadNatively(socket: Socket): boolean {
  return parserOf(socket)?._consumed === true
}

/** A number that grows with the received data of the connection; `undefined` if there is no counter. */
export function amountReceived(socket: Socket): number | undefined {
  return socket.bytesRead ?? parserOf(socket)?.[WATCH]?.chunks
}

/**
 * Whether this is the first request of the connection. Must be called for every request of the connection; the first call starts to watch the parser.
 */
export function isFirstRequest(socket: SeenSocket): boolean {
  // If it was not called for earlier requests, these were answered or have a response in progress.
  const isFirst = socket[SEEN] !== true && (socket.bytesWritten ?? 0) === 0 && !socket._httpMessage
  socket[SEEN] = true
  const parser = parserOf(socket)
  if (isFirst && parser !== undefined && !parser._consumed) watchExecute(parser, socket)
  return isFirst
}

/**
 * Calls back when the parser has reached the end of the current request, with a copy of the data after it in the same chunk, or with `undefined` if
 * that is not known. The parser stops there, and Node drops the data that the parser did not take.
 * @returns `false` if the data will not be known, unless the request ends in a later chunk.
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
 * From now on, passes the data that arrives on the socket to `listener` instead of the parser. It replaces a method of the parser, because an agent
 * may have wrapped the `'data'` listener of the server.
 * @returns `false` if the socket has no parser, or no longer has one.
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
    // Adding a 'data' listener makes Node's server read from the stream again and pass the data to `execute()`.
    socket.on('data', ignore)
    socket.removeListener('data', ignore)
  }
  return true
}

/**
 * Lets `shouldUpgrade` decide for each upgrade request of the connection: `true` passes it to the `'upgrade'` listeners of the server, `false` makes
 * it an ordinary request.
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

/** Ends {@link divertFromParser}: the parser gets the next chunk, but not the data that `listener` got. */
export function returnToParser(socket: Socket): void {
  const parser = parserOf(socket)
  if (parser !== undefined) watchExecute(parser, socket)
}

/** Takes the parser from its socket permanently, and frees it. */
export function releaseParser(socket: Socket): void {
  const parser = parserOf(socket)
  if (parser === undefined) return
  const owner = socket as unknown as SocketWithParser
  owner.parser = null
  // Node's server has wrapped these methods to detect readers other than the parser.
  const prototype = Object.getPrototypeOf(socket) as Socket
  for (const name of ['on', 'addListener', 'prependListener'] as const) socket[name] = prototype[name]
  // A remaining listener of the server may still pass data to the parser.
  parser.execute = takeAll
  parser.remove()
  parser.close()
}

interface HttpParser {
  /** Called with the head of each request. */
  onIncoming?: (request: IncomingMessage & { upgrade?: boolean }, ...values: unknown[]) => unknown
  readonly constructor: { readonly kOnExecute?: unknown }
  /** Whether it reads from the native connection instead of the stream. */
  readonly _consumed?: boolean
  /** Parses a chunk, and returns how many bytes it took, or an error. */
  execute: Execute
  /** Returns a copy of the chunk that is being parsed. */
  getCurrentBuffer(): Buffer
  /** Removes the parser from the server's list of connections, so that `requestTimeout` and `headersTimeout` do not apply to it. */
  remove(): void
  /** Frees the native object. */
  close(): void
  [WATCH]?: Watch | undefined
  /** The callbacks, by number. */
  [event: number]: unknown
}

/** The state of a watched parser that gets its data from a stream. */
interface Watch {
  chunks: number
  /** Whether a watched call of `execute()` is running. */
  isParsing: boolean
  /** Called after each chunk. Returns whether it needs no further call. */
  onParsed: ((taken: unknown, chunk: Buffer) => boolean) | undefined
}

const WATCH = Symbol('Watch')
const SEEN = Symbol('isSeen')

interface SeenSocket extends Socket {
  [SEEN]?: true
  /** The response in progress. */
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

/** Node reuses parsers for other connections. */
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
    // If the parser took all that the connection has received, nothing follows the request, and the chunk need not be copied.
    if (isOurs && complete) callback(taken === socket.bytesRead ? NOTHING : restOf(parser.getCurrentBuffer(), taken))
    // Otherwise the rest of the body comes in a later chunk.
    if (!isOurs || complete) parser[kOnExecute] = onExecute
    return onExecute.call(this, taken)
  }
  return true
}

/** Watches the parser from the next chunk on. The current call of `execute()` cannot be watched. */
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

/** A copy of the data that the parser did not take. If `taken` is an error, Node ends the connection. */
function restOf(chunk: Buffer, taken: unknown): Buffer | undefined {
  if (typeof taken !== 'number') return undefined
  return taken === chunk.length ? NOTHING : Buffer.from(chunk.subarray(taken))
}

/** Restores the parser's own method. */
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
