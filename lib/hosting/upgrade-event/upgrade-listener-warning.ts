import type { IncomingMessage } from 'node:http'
import { passesUpgradesToListeners, serverOf } from '../http1/node-http-internals.ts'

/**
 * Warns once per server that WebSocket requests do not reach the middleware, because the server has other `'upgrade'` listeners and Node passes
 * upgrade requests only to them. Called with a request that did reach the middleware.
 */
export function warnOfUpgradeListeners(request: IncomingMessage): void {
  const server = serverOf(request)
  if (server === undefined || knownServers.has(server) || server.listenerCount('upgrade') === 0) return
  knownServers.add(server)
  if (!passesUpgradesToListeners(server)) return
  process.emitWarning(
    "WebSocket requests do not reach useWebSockets(): the server has 'upgrade' listeners (socket.io, Vite, another WebSocket server), " +
      'and Node passes upgrade requests only to them. Call attachWebSockets(server, app, { filter }) to get the requests of your application',
    { type: 'WebSocketWarning', code: 'WEBSOCKET_UPGRADE_LISTENERS' },
  )
}

/** Records that upgrade requests of the server reach the application, because `attachWebSockets()` was called. */
export function markAsAttached(server: object): void {
  knownServers.add(server)
}

/** Servers that need no further warning. */
const knownServers = new WeakSet<object>()
