import type { IncomingMessage, ServerResponse } from 'node:http'
import type { Socket } from 'node:net'
import { addressedHost } from './addressed-host.ts'
import { closeWhere, openWebSockets } from './close-where.ts'
import { diagnostics } from './diagnostics.ts'
import { headerLines } from '../handshake/header-lines.ts'
import { createOriginFilter } from '../handshake/origin-filter.ts'
import type { OriginFilter } from '../handshake/origin-filter.ts'
import { recordArrivals } from '../hosting/http1/http1-arrival.ts'
import { Http1WebSocketRequest } from '../hosting/http1/http1-request.ts'
import { http2WebSocketRequestOf } from '../hosting/http2/http2-web-socket-request.ts'
import type { OpenWebSocket } from './open-web-socket.ts'
import { warnOfUpgradeListeners } from '../hosting/upgrade-event/upgrade-listener-warning.ts'
import { resolveAcceptContext } from './options/web-socket-accept-context.ts'
import { resolveDrainOptions } from './options/web-socket-drain-options.ts'
import type { WebSocketDrainOptions } from './options/web-socket-drain-options.ts'
import { WebSocketManager } from './web-socket-manager.ts'
import { resolveWebSocketOptions } from './options/web-socket-options.ts'
import type { WebSocketOptions } from './options/web-socket-options.ts'
import { WebSocketRegistry } from './web-socket-registry.ts'
import type { WebSocketDrainResult } from './web-socket-registry.ts'

/** The middleware that {@link useWebSockets} returns, for Express and Connect. It can also be called directly. */
export interface WebSocketMiddleware {
  /**
   * Sets `request.webSockets` and calls `next`, or refuses a WebSocket request that is not allowed (403, 503).
   * @param request - a request of `node:http`, Express or Connect.
   * @param response - the response to that request.
   * @param next - called to continue; called with an error if a predicate of `allowedOrigins` throws.
   * @returns for a WebSocket request, a promise that resolves when the accepted WebSocket has completed or the response has ended. It never
   * rejects. For every other request, `undefined`.
   */
  (request: IncomingMessage, response: ServerResponse, next: (error?: unknown) => void): Promise<void> | undefined
  /** The number of open WebSockets. */
  readonly connections: number
  /**
   * Closes all WebSockets, for a shutdown. It answers new WebSocket requests with 503, sends a Close frame to every open socket (1001 by
   * default), waits for the close handshakes, and aborts the remaining sockets after `timeout`. Handlers can still receive the messages that
   * a client sent before its Close frame, unless `discardIncoming` is set. The call cannot be undone; a second call returns the promise of the first.
   * @param options - code and reason of the Close frames, and the time limits.
   * @throws `WebSocketException` rejects with `ERR_WEBSOCKET_INVALID_OPTION`, or with `ERR_WEBSOCKET_INVALID_ARGUMENT` for an invalid code or reason.
   */
  closeAsync(options?: WebSocketDrainOptions): Promise<WebSocketDrainResult>
  /** Returns a snapshot of the open WebSockets, each with its request. */
  openWebSockets<Request extends IncomingMessage = IncomingMessage>(): OpenWebSocket<Request>[]
  /**
   * Closes some of the WebSockets, for example all sockets of a user who has logged out. It sends each one a Close frame (1008 by default),
   * waits for the close handshakes, and aborts the remaining ones after `timeout`, as `closeAsync()` does. Handlers still receive what a client
   * sends before its Close frame, unless `discardIncoming` is set. Other and new WebSockets are not affected.
   * @param predicate - returns whether to close a socket. It is called synchronously for each open socket.
   * @param options - code and reason of the Close frames, and the time limits.
   * @throws `WebSocketException` rejects with `ERR_WEBSOCKET_INVALID_ARGUMENT`, `ERR_WEBSOCKET_INVALID_OPTION`, or the error that the predicate
   * throws. In all these cases no socket was closed.
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
 * Creates the middleware that lets later handlers accept WebSockets (.NET's `UseWebSockets`). Register it first: it must see a request before
 * any asynchronous middleware does. Otherwise a client that sends data before the response arrives is refused.
 *
 * @param options - allowed origins, keep-alive and limits. They apply to every WebSocket unless its accept context overrides them.
 * @param _nothing - never pass it. It lets the compiler reject `app.use(useWebSockets)`, where the call is missing.
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
  recordArrivals()

  function webSockets(request: IncomingMessage, response: ServerResponse, next: (error?: unknown) => void): Promise<void> | undefined {
    // If there are several middlewares, the first one decides, as in ASP.NET Core.
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

/** Passes a WebSocket request on or refuses it. This is synchronous unless the origin filter is asynchronous. */
function admit(call: MiddlewareCall, isOriginAllowed: OriginFilter | undefined, registry: WebSocketRegistry): Promise<void> {
  const responseClosed = untilResponseClosed(call)
  const isAllowed = checkOrigin(call, isOriginAllowed)
  if (typeof isAllowed === 'boolean') decide(isAllowed, call, registry, responseClosed)
  else isAllowed.then((isAllowedNow) => decide(isAllowedNow, call, registry, responseClosed)).catch(call.next)
  return responseClosed
}

function decide(isAllowed: boolean, call: MiddlewareCall, registry: WebSocketRegistry, responseClosed: Promise<void>): void {
  if (!isAllowed) return refuse(call, 403, 'the origin is not allowed')
  if (!registry.reservePlace()) return refuse(call, 503, registry.isDraining ? 'the server is closing' : 'maxConnections is reached')
  void responseClosed.then(registry.releasePlace)
  call.next()
}

function checkOrigin({ request }: MiddlewareCall, isOriginAllowed: OriginFilter | undefined): boolean | Promise<boolean> {
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

/**
 * Resolves when the response has closed. A response that waits behind another one on its connection does not close with the connection, so the
 * connection is observed.
 */
function untilResponseClosed({ request, response }: MiddlewareCall): Promise<void> {
  return new Promise((resolve) => {
    // on() and not once(), which would allocate a wrapper: the event comes only once.
    response.on('close', resolve)
    if (response.socket === null) listenWhileWaiting(request.socket, response, resolve)
  })
}

/** A separate function, so that only responses that wait need its closure. The listener is removed when the response no longer waits. */
function listenWhileWaiting(connection: Socket, response: ServerResponse, onClose: () => void): void {
  connection.once('close', onClose)
  response.once('socket', () => connection.removeListener('close', onClose))
}

/** Seconds. */
const RETRY_AFTER = 5
