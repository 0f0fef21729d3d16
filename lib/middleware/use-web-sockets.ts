import type { IncomingMessage, ServerResponse } from 'node:http'
import type { Socket } from 'node:net'
import { addressedHost } from './addressed-host.ts'
import { closeWhere, openWebSockets } from './close-where.ts'
import { diagnostics } from './diagnostics.ts'
import { headerLines } from '../handshake/header-lines.ts'
import { createOriginFilter } from '../handshake/origin-filter.ts'
import type { OriginFilter } from '../handshake/origin-filter.ts'
import { noteArrivals } from '../hosting/http1/http1-arrival.ts'
import { Http1WebSocketRequest } from '../hosting/http1/http1-request.ts'
import { http2WebSocketRequestOf } from '../hosting/http2/http2-web-socket-request.ts'
import type { OpenWebSocket } from './open-web-socket.ts'
import { warnOfUpgradeListeners } from '../hosting/upgrade-event/upgrade-listener-warning.ts'
import { resolveAcceptContext } from './web-socket-accept-context.ts'
import { resolveDrainOptions } from './web-socket-drain-options.ts'
import type { WebSocketDrainOptions } from './web-socket-drain-options.ts'
import { WebSocketManager } from './web-socket-manager.ts'
import { resolveWebSocketOptions } from './web-socket-options.ts'
import type { WebSocketOptions } from './web-socket-options.ts'
import { WebSocketRegistry } from './web-socket-registry.ts'
import type { WebSocketDrainResult } from './web-socket-registry.ts'

/** What {@link useWebSockets} makes: middleware for Express and Connect, or to be called by hand. */
export interface WebSocketMiddleware {
  /**
   * Sets `request.webSockets` and goes on, or answers a WebSocket request that may not pass (403, 503).
   * @param request - of `node:http`, or of Express or Connect.
   * @param response - the one that belongs to it.
   * @param next - goes on; called with an error if a predicate of `allowedOrigins` fails.
   * @returns for a WebSocket request, a promise that resolves, and never rejects, when it is through: when the accepted WebSocket has
   * completed, or the response has ended. `undefined` for every other request.
   */
  (request: IncomingMessage, response: ServerResponse, next: (error?: unknown) => void): Promise<void> | undefined
  /** How many WebSockets are open. */
  readonly connections: number
  /**
   * Closes all WebSockets, for a shutdown: answers new ones 503, sends every open one a Close frame (1001 unless told otherwise), waits for
   * the close handshakes, and aborts what is left after `timeout`. What a client sent before it answered is still the handler's to receive.
   * There is no way back; a second call returns the first one's promise.
   * @param options - code and reason of the Close frames, and how much time there is.
   * @throws `WebSocketException` rejects with `ERR_WEBSOCKET_INVALID_OPTION`.
   */
  closeAsync(options?: WebSocketDrainOptions): Promise<WebSocketDrainResult>
  /** The WebSockets that are open, as they are now, each with its request. */
  openWebSockets<Request extends IncomingMessage = IncomingMessage>(): OpenWebSocket<Request>[]
  /**
   * Closes some of the WebSockets: all of a user who has logged out, say. Sends each a Close frame (1008 unless told otherwise), waits for the close
   * handshakes, and aborts what is left after `timeout`, as `closeAsync()` does. The others, and new ones, go on.
   * @param predicate - whether to close this one. It is asked at once about each that is open.
   * @param options - code and reason of the Close frames, and how much time there is.
   * @throws `WebSocketException` rejects with `ERR_WEBSOCKET_INVALID_ARGUMENT`, `ERR_WEBSOCKET_INVALID_OPTION`; and with what the predicate throws:
   * then none was closed.
   * @example
   * ```ts
   * import type { Request } from 'express'
   *
   * const webSockets = useWebSockets()
   * app.use(webSockets)
   * app.delete('/rooms/:room', async (req, res) => {
   *   await webSockets.closeWhereAsync<Request>(({ request }) => request.params.room === req.params.room)
   *   res.sendStatus(204)
   * })
   * ```
   */
  closeWhereAsync<Request extends IncomingMessage = IncomingMessage>(
    predicate: (open: OpenWebSocket<Request>) => boolean,
    options?: WebSocketDrainOptions,
  ): Promise<WebSocketDrainResult>
}

/**
 * Makes the middleware that lets later handlers accept WebSockets. Use it first: it must see a request before anything asynchronous happens
 * to it. Otherwise a client that does not wait for the answer is refused. .NET's `UseWebSockets`.
 *
 * @param options - who may connect, how often to ping, and limits; they hold for every WebSocket unless its accept says otherwise.
 * @param _nothing - there is no more. The compiler sees by it that `app.use(useWebSockets)` is a mistake.
 * @example
 * ```ts
 * app.use(useWebSockets())
 * app.all('/ws', async (req, res) => {
 *   if (!req.webSockets.isWebSocketRequest) return void res.sendStatus(400)
 *   await using webSocket = await req.webSockets.acceptWebSocketAsync()
 *   for await (const message of webSocket) await webSocket.sendAsync(message)
 * })
 * ```
 * @throws `WebSocketException` with code `ERR_WEBSOCKET_INVALID_OPTION`.
 */
export function useWebSockets(options?: WebSocketOptions, ..._nothing: never[]): WebSocketMiddleware {
  const resolved = resolveWebSocketOptions(options)
  const isOriginAllowed = createOriginFilter(resolved.allowedOrigins)
  const registry = new WebSocketRegistry(resolved.maxConnections)
  const pipeline = { options: resolved, defaultContext: resolveAcceptContext(undefined, resolved), registry }
  noteArrivals()

  function webSockets(request: IncomingMessage, response: ServerResponse, next: (error?: unknown) => void): Promise<void> | undefined {
    // Of several middlewares the first one decides, as in ASP.NET Core.
    if ('webSockets' in request) {
      next()
      return undefined
    }
    const webSocketRequest = http2WebSocketRequestOf(request, response) ?? new Http1WebSocketRequest(request, response)
    const manager = new WebSocketManager(request, response, webSocketRequest, pipeline)
    const marked: { webSockets: WebSocketManager } = request
    marked.webSockets = manager
    if (manager.isWebSocketRequest) return admit({ request, response, next }, isOriginAllowed, registry)
    warnOfUpgradeListeners(request)
    next()
    return undefined
  }

  const members: Omit<WebSocketMiddleware, 'connections'> = {
    closeAsync: async (drain) => registry.drain(resolveDrainOptions(drain)),
    closeWhereAsync: (predicate, drain) => closeWhere(registry, predicate, drain),
    openWebSockets: () => openWebSockets(registry),
  }
  return Object.defineProperty(Object.assign(webSockets, members), 'connections', { get: () => registry.size }) as typeof webSockets &
    typeof members &
    Pick<WebSocketMiddleware, 'connections'>
}

interface MiddlewareCall {
  readonly request: IncomingMessage
  readonly response: ServerResponse
  readonly next: (error?: unknown) => void
}

/** Lets a WebSocket request pass, at once unless the origin filter takes its time. */
function admit(call: MiddlewareCall, isOriginAllowed: OriginFilter | undefined, registry: WebSocketRegistry): Promise<void> {
  const whenThrough = untilThrough(call)
  const isAllowed = askOrigin(call, isOriginAllowed)
  if (typeof isAllowed === 'boolean') decide(isAllowed, call, registry, whenThrough)
  else isAllowed.then((isAllowedNow) => decide(isAllowedNow, call, registry, whenThrough)).catch(call.next)
  return whenThrough
}

function decide(isAllowed: boolean, call: MiddlewareCall, registry: WebSocketRegistry, whenThrough: Promise<void>): void {
  if (!isAllowed) return refuse(call, 403, 'the origin is not allowed')
  if (!registry.takePlace()) return refuse(call, 503, registry.isDraining ? 'the server is closing' : 'maxConnections is reached')
  void whenThrough.then(registry.givePlaceBack)
  call.next()
}

function askOrigin({ request }: MiddlewareCall, isOriginAllowed: OriginFilter | undefined): boolean | Promise<boolean> {
  if (isOriginAllowed === undefined) return true
  const origin = headerLines(request.rawHeaders, 'origin').join(',')
  if (origin === '') return true
  try {
    return isOriginAllowed({ origin, request, ...addressedHost(request) })
  } catch (error) {
    return Promise.reject(error)
  }
}

function refuse({ request, response }: MiddlewareCall, statusCode: 403 | 503, reason: string): void {
  diagnostics.refuse({ request, statusCode, reason })
  response.statusCode = statusCode
  if (statusCode === 503) response.setHeader('Retry-After', RETRY_AFTER)
  response.end()
}

/** The response closes when it has ended, or with its connection; if it waits behind another response, only the connection closes. */
function untilThrough({ request, response }: MiddlewareCall): Promise<void> {
  return new Promise((resolve) => {
    // Not once(): it comes once, and this lives as long as the connection does.
    response.on('close', resolve)
    if (response.socket === null) listenWhileWaiting(request.socket, response, resolve)
  })
}

/** A function of its own, so that only responses that wait pay for its closure. The listener goes when the response need not wait any more. */
function listenWhileWaiting(connection: Socket, response: ServerResponse, onClose: () => void): void {
  connection.once('close', onClose)
  response.once('socket', () => connection.removeListener('close', onClose))
}

/** Seconds. */
const RETRY_AFTER = 5
