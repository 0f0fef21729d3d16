import type { RequestListener, Server } from 'node:http'
import type { Http2SecureServer, Http2Server } from 'node:http2'
import { argumentError } from '../../options/argument-error.ts'
import { OptionReader } from '../../options/option-reader.ts'
import { attachHttp2 } from '../http2/attach-http2.ts'
import { readWebSocketMethod } from '../http2/web-socket-method.ts'
import type { AttachOptions, Claim } from './claim.ts'
import { routeUpgrades } from './route-upgrades.ts'
import type { UpgradeServer } from './route-upgrades.ts'
import { markAsAttached } from './upgrade-listener-warning.ts'

/**
 * Passes WebSocket requests to an application on a server that has other listeners of the `'upgrade'` event, such as socket.io, Vite, another
 * WebSocket server or a proxy. Without it, Node passes upgrade requests only to those listeners.
 *
 * Requests that the filter selects go through the application like any other request. The other listeners do not see them, so they cannot answer them
 * or time them out. All other upgrade requests go to the other listeners.
 *
 * On a server of `node:http2`, the application also gets the requests over HTTP/2, including extended CONNECT.
 *
 * @param server - a server of `node:http`, `node:https` or `node:http2`. Other listeners may be added before and after this call.
 * @param app - the Express or Connect application, or request listener, that uses `useWebSockets()`.
 * @param options - the filter that selects the upgrade requests of the application. If the filter throws because of an invalid
 * URL, the answer is 400. After any other error it is 500, and the first one is a process warning.
 * @example
 * ```ts
 * const server = createServer(app)
 * new SocketServer(server)
 * attachWebSockets(server, app, { filter: ({ url }) => url === '/ws' })
 * ```
 * @throws `WebSocketException` with code `ERR_WEBSOCKET_INVALID_ARGUMENT`.
 */
export function attachWebSockets(server: Server | Http2Server | Http2SecureServer, app: RequestListener, options: AttachOptions): void {
  const { filter, webSocketMethod } = readOptions(options)
  if (typeof app !== 'function') throw argumentError(OWNER, 'app', 'must be a request listener, such as an Express application', app)
  if (typeof server?.emit !== 'function' || typeof server.on !== 'function')
    throw argumentError(OWNER, 'server', 'must be a server of node:http, node:https or node:http2', server)
  markAsAttached(server)
  if ('updateSettings' in server) attachHttp2(server, app, webSocketMethod)
  claimUpgrades(server, { app, filter })
}

function claimUpgrades(server: UpgradeServer, claim: Claim): void {
  const claims = claimsByServer.get(server) ?? []
  if (claims.push(claim) > 1) return
  claimsByServer.set(server, claims)
  routeUpgrades(server, claims)
}

const claimsByServer = new WeakMap<object, Claim[]>()

function readOptions(options: AttachOptions): Required<AttachOptions> {
  const isObject = typeof options === 'object' && options !== null
  if (!isObject) throw argumentError(OWNER, 'options', 'must be an object with a filter', options)
  const reader = new OptionReader({ name: OWNER, code: 'ERR_WEBSOCKET_INVALID_ARGUMENT' }, options, OPTION_NAMES)
  // Own properties only, as the reader does.
  const { filter } = { ...options }
  if (typeof filter !== 'function') throw reader.error('filter', 'must be a function that selects the upgrade requests of the application')
  return { filter, webSocketMethod: readWebSocketMethod(reader) }
}

const OWNER = 'attachWebSockets'
const OPTION_NAMES: readonly (keyof AttachOptions)[] = ['filter', 'webSocketMethod']
