import type { IncomingMessage, Server } from 'node:http'
import { createServer } from 'node:http'
import { Socket } from 'node:net'

/*
 * What taking a connection over touches of node:http that Node does not document: the listeners that an HTTP server puts on its sockets,
 * by their names, and the parser behind `socket.parser`. The same on Node 20 to 26.
 * `spec/hosting/node-http-internals.spec.ts` fails if a Node release changes any of it.
 */

/** The HTTP server's `'data'` listener, which feeds the parser. */
export type ParserFeed = (...chunk: unknown[]) => void

/**
 * Cuts the HTTP parser off from its socket: from now on, what arrives goes to the caller's `'data'` listener alone.
 * @returns the way back, for {@link restoreParserFeed}; `undefined` if the socket is not (or not any more) in the hands of an HTTP server.
 */
export function detachParserFeed(socket: Socket): ParserFeed | undefined {
  const feed = findListener(socket, 'data', 'bound socketOnData')
  if (feed === undefined) return undefined
  socket.removeListener('data', feed)
  return feed
}

/** Gives the socket back to its parser. */
export function restoreParserFeed(socket: Socket, feed: ParserFeed): void {
  socket.on('data', feed)
}

/**
 * Takes the socket from its HTTP server for good: nothing that happens on it is HTTP's any more, except that `'close'` still closes the
 * response. Destroying the request is the caller's. The feed has been detached before.
 */
export function leaveHttpServer(socket: Socket): void {
  for (const [event, name] of SERVER_LISTENERS) {
    const listener = findListener(socket, event, name)
    if (listener !== undefined) socket.removeListener(event, listener)
  }
  // Not while the parser may be at work further up the stack.
  setImmediate(releaseParser, socket)
}

/** The chunk that the socket's parser is at work on, copied; empty outside of its work. */
export function chunkBeingParsed(socket: Socket): Buffer {
  return parserOf(socket)?.getCurrentBuffer() ?? EMPTY
}

/** Whether the server leaves upgrade requests to its `'upgrade'` listeners: it has some, and nobody has told it to choose by request. */
export function leavesUpgradesToListeners(server: Server & { readonly shouldUpgradeCallback?: unknown }): boolean {
  if (server.listenerCount('upgrade') === 0) return false
  // Since Node 22.23 and 24.9. The default is an anonymous function of each server, so its text is all that there is to compare.
  const choose = server.shouldUpgradeCallback
  return typeof choose !== 'function' || String(choose) === defaultUpgradeChoice()
}

/** The server that a request arrived at, HTTP/1 or not. */
export function serverOf(request: IncomingMessage): Server | undefined {
  return (request.socket as { readonly server?: Server }).server
}

interface HttpParser {
  /** Takes the parser off the server's list of connections, and so out of the reach of `requestTimeout` and `headersTimeout`. */
  remove(): void
  /** Frees the native object. */
  close(): void
  unconsume(): void
  getCurrentBuffer(): Buffer
}

interface SocketWithParser {
  parser: HttpParser | null | undefined
}

function parserOf(socket: Socket): HttpParser | null | undefined {
  return (socket as unknown as SocketWithParser).parser
}

function releaseParser(socket: Socket): void {
  const parser = parserOf(socket)
  if (parser === null || parser === undefined) return
  const owner = socket as unknown as SocketWithParser
  owner.parser = null
  // They were wrapped to watch for readers beside the parser.
  for (const name of ['on', 'addListener', 'prependListener'] as const) socket[name] = Socket.prototype[name]
  parser.remove()
  parser.close()
}

function findListener(socket: Socket, event: string, name: string): ((...args: unknown[]) => void) | undefined {
  return (socket.listeners(event) as ((...args: unknown[]) => void)[]).find((listener) => listener.name === name)
}

let upgradeChoice: string | undefined

function defaultUpgradeChoice(): string {
  upgradeChoice ??= String((createServer() as { readonly shouldUpgradeCallback?: unknown }).shouldUpgradeCallback)
  return upgradeChoice
}

const SERVER_LISTENERS = [
  ['end', 'bound socketOnEnd'],
  ['drain', 'bound socketOnDrain'],
  ['error', 'socketOnError'],
  ['timeout', 'socketOnTimeout'],
  // It would end the request with an error, whose stack costs more than the rest of the handshake's end.
  ['close', 'bound socketOnClose'],
] as const

const EMPTY = Buffer.alloc(0)
