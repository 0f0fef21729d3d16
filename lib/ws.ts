import type { IncomingMessage, ServerResponse } from 'node:http'
import type { WebSocket, WebSocketServer } from 'ws'
import type { WebSocketAcceptContext } from './middleware/web-socket-accept-context.ts'
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
 * Accepts as `request.webSockets.acceptWebSocketAsync()` does, with a `WebSocket` of the package `ws`, for libraries that want one. All that
 * holds for an accepted request holds for this: the options of `useWebSockets()`, the limit of connections, `closeAsync()` of the middleware,
 * diagnostics, the unfinished response; over HTTP/1.1, on an attached server, and over HTTP/2.
 *
 * Messages that arrive before there is a `'message'` listener are kept for it, up to 64 KiB, beyond which the client has to wait; so is the
 * `'close'` event. An `'error'` that nobody listens to does not end the process.
 *
 * @param subProtocolOrContext - as of `acceptWebSocketAsync()`. `maxMessageSize` is the `maxPayload` of `ws`; `compressionThreshold` has the meaning
 * that it has in `ws`: it counts if `disableServerContextTakeover` is set, or the client wants no context.
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
 * Makes an endpoint of a `WebSocketServer` of the package `ws`, for `app.all()`, behind `useWebSockets()`. It is for libraries that are handed
 * such a server and listen to its `'connection'` event:
 * - what is no WebSocket request is answered 426, or 400 if it is a malformed attempt at one;
 * - a WebSocket request is accepted as by {@link acceptWsWebSocketAsync}, is one of the server's `clients` until it has closed, and is its
 *   `'connection'`, with the request; if that fails, the error goes to `next`;
 * - of the server's options, `handleProtocols` and `clientTracking` count, and unless the context says otherwise `maxPayload`, `closeTimeout` and
 *   `perMessageDeflate` (`threshold`, `serverMaxWindowBits`, `serverNoContextTakeover`, `zlibDeflateOptions.level`); one that would have no effect is an
 *   error, such as `verifyClient`.
 *
 * @param webSocketServer - `new WebSocketServer({ noServer: true })`.
 * @param context - as of `acceptWebSocketAsync()`, or a function that makes one for a request. Without a `subProtocol` in it, the server's
 * `handleProtocols` chooses one; without that, it is the first that the client offers, as in `ws`.
 * @param options - as of `webSocketHandler()`.
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
  context: WebSocketAcceptContext | ((request: Request) => WebSocketAcceptContext) = {},
  options?: WebSocketHandlerOptions,
): (request: Request, response: ServerResponse, next: (error?: unknown) => void) => Promise<void> {
  if (!isWebSocketServer(webSocketServer)) {
    throw argumentError('webSocketServerHandler', 'webSocketServer', 'must be a WebSocketServer of ws', webSocketServer)
  }
  const serverContext = contextOfServer(webSocketServer)
  checkEndpointContext(typeof context === 'function' ? serverContext : { ...serverContext, ...context })
  const handlerOptions = resolveHandlerOptions(options, 'webSocketServerHandler')
  return async function handleWebSocket(request, response, next) {
    let webSockets: WebSocketManager
    try {
      webSockets = webSocketsOf(request)
      if (webSockets.isWebSocketRequest) {
        const own = typeof context === 'function' ? context(request) : context
        return await connect(webSocketServer, request, { ...serverContext, ...own })
      }
    } catch (error) {
      return next(error)
    }
    return passOnOrRefuse({ request, response, next }, webSockets.refusal, handlerOptions)
  }
}

/** One of another copy of `ws` will do. */
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

/** As `ws` does. */
function chooseSubProtocol({ options }: WebSocketServer, request: IncomingMessage): string | null {
  const offered = new Set(request.webSockets.webSocketRequestedProtocols)
  const [first = null] = offered
  if (first === null) return null
  // It is `null` unless it was given.
  const chosen = typeof options.handleProtocols === 'function' ? options.handleProtocols(offered, request) : first
  return chosen === false ? null : chosen
}

const INTERNAL_ERROR = 1011
