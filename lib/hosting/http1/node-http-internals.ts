import type { IncomingMessage, Server } from 'node:http'
import { createServer } from 'node:http'
import type { Socket } from 'node:net'
import { releaseParser } from './node-http-parser-internals.ts'

/*
 * What taking a connection over touches of node:http that Node does not document: the listeners that an HTTP server puts on its sockets,
 * by their names. The same on Node 20 to 26. One that is not found, because an agent has
 * wrapped it, stays: then our side ends with the peer's.
 * `spec/hosting/http1/node-http-internals.spec.ts` fails if a Node release changes any of it.
 */

/**
 * Takes the socket from its HTTP server for good: nothing that happens on it is HTTP's any more, except that `'close'` still closes the
 * response. Destroying the request is the caller's. Its parser takes nothing any more.
 */
export function leaveHttpServer(socket: Socket): void {
  for (const [event, name] of SERVER_LISTENERS) {
    const listener = findListener(socket, event, name)
    if (listener !== undefined) socket.removeListener(event, listener)
  }
  // Not while the parser may be at work further up the stack.
  setImmediate(releaseParser, socket)
}

/** Whether the server passes upgrade requests to its `'upgrade'` listeners: it has some, and no callback chooses by request. */
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

function findListener(socket: Socket, event: string, name: string): ((...args: unknown[]) => void) | undefined {
  return (socket.listeners(event) as ((...args: unknown[]) => void)[]).find((listener) => listener.name === name)
}

let upgradeChoice: string | undefined

function defaultUpgradeChoice(): string {
  upgradeChoice ??= String((createServer() as { readonly shouldUpgradeCallback?: unknown }).shouldUpgradeCallback)
  return upgradeChoice
}

const SERVER_LISTENERS = [
  ['data', 'bound socketOnData'],
  ['end', 'bound socketOnEnd'],
  ['drain', 'bound socketOnDrain'],
  ['error', 'socketOnError'],
  ['timeout', 'socketOnTimeout'],
  // It would end the request with an error, whose stack costs more than the rest of the handshake's end.
  ['close', 'bound socketOnClose'],
] as const
