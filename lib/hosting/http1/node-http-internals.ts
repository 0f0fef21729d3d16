import type { IncomingMessage, Server } from 'node:http'
import { createServer } from 'node:http'
import type { Socket } from 'node:net'
import { releaseParser } from './node-http-parser-internals.ts'

/*
 * The undocumented parts of node:http that a takeover of a connection needs: the names of the listeners that an HTTP server adds to its sockets. They
 * are the same on Node 20 to 26. A listener that is not found, because an agent has wrapped it, stays; then our side of the connection ends with the
 * peer's. `spec/hosting/http1/node-http-internals.spec.ts` fails if a Node release changes any of them.
 */

/**
 * Takes the socket from its HTTP server permanently. The server handles no more events of the socket, except that `'close'` still closes the
 * response. The parser gets no more data. The caller must destroy the request.
 */
export function detachFromHttpServer(socket: Socket): void {
  for (const [event, name] of SERVER_LISTENERS) {
    const listener = findListener(socket, event, name)
    if (listener !== undefined) socket.removeListener(event, listener)
  }
  // Deferred, because the parser may be at work further up the stack.
  setImmediate(releaseParser, socket)
}

/** Whether the server passes all upgrade requests to its `'upgrade'` listeners: it has listeners, and no callback decides by request. */
export function passesUpgradesToListeners(server: Server & { readonly shouldUpgradeCallback?: unknown }): boolean {
  if (server.listenerCount('upgrade') === 0) return false
  // Since Node 22.23 and 24.9. The default is an anonymous function of each server, so only its text can be compared.
  const choose = server.shouldUpgradeCallback
  return typeof choose !== 'function' || String(choose) === defaultUpgradeChoice()
}

/** The server that received the request, over HTTP/1 or HTTP/2. */
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
  // It would destroy the request with an error. The stack trace costs more than the rest of the takeover.
  ['close', 'bound socketOnClose'],
] as const
