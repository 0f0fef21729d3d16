import type { IncomingMessage, ServerResponse } from 'node:http'
import type { WebSocket, WebSocketServer } from 'ws'
import type { WebSocketAcceptContext } from './middleware/options/web-socket-accept-context.ts'
import { passOnOrRefuse, resolveHandlerOptions } from './middleware/other-requests.ts'
import type { WebSocketHandlerOptions } from './middleware/other-requests.ts'
import { checkEndpointContext, webSocketsOf } from './middleware/web-socket-endpoint.ts'
import type { WebSocketManager } from './middleware/web-socket-manager.ts'
import type { CompletionListener } from './web-socket/values/completion-listener.ts'
import { WebSocketException } from './errors/web-socket-exception.ts'
import type { WebSocketSettings } from './web-socket/values/web-socket-settings.ts'
import type { WebSocketTransport } from './web-socket/transport/web-socket-transport.ts'
import { argumentError } from './options/argument-error.ts'
import { WsConnection } from './ws/ws-connection.ts'
import { contextOfServer } from './ws/server-context.ts'
import { isClosing, trackClient } from './ws/ws-web-socket-internals.ts'

/**
 * Works as `request.webSockets.acceptWebSocketAsync()`, but resolves with a `WebSocket` of the package `ws`, for libraries that need one. All rules
 * of an accepted request apply: the options of `useWebSockets()`, the limit of connections, `closeAsync()` of the middleware, diagnostics and the
 * unfinished response. It works over HTTP/1.1, on an attached server, and over HTTP/2.
 *
 * Messages that arrive before there is a `'message'` listener are kept, up to 64 KiB; beyond that the client must wait (backpressure). The `'close'`
 * event is kept too. An `'error'` without a listener does not end the process.
 *
 * @param subProtocolOrContext - as for `acceptWebSocketAsync()`. `maxMessageSize` sets `maxPayload` of `ws`. `compressionThreshold` works as in `ws`:
 * it applies only if `disableServerContextTakeover` is set or the client asks for no context takeover.
 * @throws `WebSocketException` rejects as `acceptWebSocketAsync()` does, and with `ERR_WEBSOCKET_NOT_SUPPORTED` if the request has not passed
 * `useWebSockets()`.
 * @example
 * ```ts
 * import { acceptWsWebSocketAsync } from 'express-use-websockets/ws'
 *
 * app.use(useWebSockets())
 * app.all('/ws', async (req, res) => {
 *   if (!req.webSockets.isWebSocketRequest) return void res.sendStatus(400)
 *   const ws = await acceptWsWebSocketAsync(req)
 *   ws.on('message', (data, isBinary) => ws.send(data, { binary: isBinary }))
 * })
 * ```
 */
export async function acceptWsWebSocketAsync(
  request: IncomingMessage,
  subProtocolOrContext?: string | WebSocketAcceptContext | null,
): Promise<WebSocket> {
  const { webSocket } = await webSocketsOf(request).acceptWith(openWsConnection, subProtocolOrContext)
  return webSocket
}

/**
 * Creates an endpoint from a `WebSocketServer` of the package `ws`, for `app.all()`. It requires `useWebSockets()` in front of it. Use it for
 * libraries that take such a server and listen to its `'connection'` event.
 * - It answers other requests with 426, and a malformed WebSocket request with 400.
 * - It accepts a WebSocket request as {@link acceptWsWebSocketAsync} does, adds the socket to the `clients` of the server until it has closed, and
 *   emits `'connection'` with the socket and the request. If the accept fails, it passes the error to `next`.
 * - It uses the server options `handleProtocols` and `clientTracking`. It also uses `maxPayload`, `closeTimeout` and `perMessageDeflate` (`threshold`,
 *   `serverMaxWindowBits`, `serverNoContextTakeover`, `zlibDeflateOptions.level`) unless the context overrides them. An option that would have no
 *   effect, such as `verifyClient`, is an error.
 *
 * @param webSocketServer - `new WebSocketServer({ noServer: true })`.
 * @param context - the context for `acceptWebSocketAsync()`, or a function that returns one for a request, or a promise of one. Without a `subProtocol` in it,
 * `handleProtocols` of the server chooses one; without `handleProtocols` it is the first that the client offers, as in `ws`.
 * @param options - as for `webSocketHandler()`.
 * @example
 * ```ts
 * import { WebSocketServer } from 'ws'
 * import { webSocketServerHandler } from 'express-use-websockets/ws'
 *
 * const webSocketServer = new WebSocketServer({ noServer: true })
 * webSocketServer.on('connection', (ws) => ws.on('message', (data) => ws.send(String(data))))
 * app.use(useWebSockets())
 * app.all('/ws', webSocketServerHandler(webSocketServer))
 * ```
 * @throws `WebSocketException` with code `ERR_WEBSOCKET_INVALID_ARGUMENT`, or `ERR_WEBSOCKET_INVALID_OPTION` for an option of the server.
 */
export function webSocketServerHandler<Request extends IncomingMessage = IncomingMessage>(
  webSocketServer: WebSocketServer,
  context: WebSocketAcceptContext | ((request: Request) => WebSocketAcceptContext | Promise<WebSocketAcceptContext>) = {},
  options?: WebSocketHandlerOptions,
): (request: Request, response: ServerResponse, next: (error?: unknown) => void) => Promise<void> {
  if (!isWebSocketServer(webSocketServer)) {
    throw argumentError('webSocketServerHandler', 'webSocketServer', 'must be a WebSocketServer of ws', webSocketServer)
  }
  const serverContext = contextOfServer(webSocketServer)
  checkEndpointContext(typeof context === 'function' ? serverContext : { ...serverContext, ...context }, 'webSocketServerHandler')
  const handlerOptions = resolveHandlerOptions(options, 'webSocketServerHandler')
  return async function handleWebSocket(request, response, next) {
    let webSockets: WebSocketManager
    try {
      webSockets = webSocketsOf(request)
      if (webSockets.isWebSocketRequest) {
        const own = typeof context === 'function' ? await context(request) : context
        return await connect(webSocketServer, request, { ...serverContext, ...own })
      }
    } catch (error) {
      return next(error)
    }
    return passOnOrRefuse({ request, response, next }, webSockets.refusal, handlerOptions)
  }
}

/** Also accepts a server of another copy of `ws`. */
function isWebSocketServer(value: unknown): value is WebSocketServer {
  return typeof value === 'object' && value !== null && 'handleUpgrade' in value && 'options' in value && 'emit' in value
}

function openWsConnection(transport: WebSocketTransport, settings: WebSocketSettings, listener: CompletionListener): WsConnection {
  return new WsConnection(transport, settings, listener)
}

async function connect(server: WebSocketServer, request: IncomingMessage, context: WebSocketAcceptContext): Promise<void> {
  if (isClosing(server)) throw new WebSocketException('ERR_WEBSOCKET_SERVER_CLOSING', 'The WebSocketServer is closed')
  const subProtocol = context.subProtocol === undefined ? chooseSubProtocol(server, request) : context.subProtocol
  const webSocket = await acceptWsWebSocketAsync(request, { ...context, subProtocol })
  trackClient(server, webSocket)
  try {
    server.emit('connection', webSocket, request)
  } catch (error) {
    const closed = new Promise((resolve) => {
      webSocket.once('close', resolve)
    })
    webSocket.close(INTERNAL_ERROR)
    await closed
    throw error
  }
}

/** Works as in `ws`. */
function chooseSubProtocol({ options }: WebSocketServer, request: IncomingMessage): string | null {
  const offered = new Set(request.webSockets.webSocketRequestedProtocols)
  const [first = null] = offered
  if (first === null) return null
  // The option is `null` unless it was set.
  const chosen = typeof options.handleProtocols === 'function' ? options.handleProtocols(offered, request) : first
  return chosen === false ? null : chosen
}

const INTERNAL_ERROR = 1011
