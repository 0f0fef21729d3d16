import type { IncomingMessage, ServerResponse } from 'node:http'
import { diagnostics } from './diagnostics.ts'
import { failWebSocket } from './fail-web-socket.ts'
import type { WebSocketAcceptContext } from './options/web-socket-accept-context.ts'
import { passOnOrRefuse, resolveHandlerOptions } from './other-requests.ts'
import type { WebSocketHandlerOptions } from './other-requests.ts'
import { checkEndpointContext, webSocketsOf } from './web-socket-endpoint.ts'
import type { WebSocketManager } from './web-socket-manager.ts'
import { argumentError } from '../options/argument-error.ts'
import { isConnectionError } from '../errors/is-connection-error.ts'
import type { ManagedWebSocket } from '../web-socket/managed-web-socket.ts'
import { WebSocketCloseStatus } from '../web-socket/values/web-socket-close-status.ts'
import { WebSocketException } from '../errors/web-socket-exception.ts'
import { WebSocketState } from '../web-socket/values/web-socket-state.ts'

/**
 * Handles one WebSocket. The WebSocket is closed when the handler returns or its promise resolves.
 * @typeParam Request - annotate the parameter if you need more than Node's request: `(webSocket, request: express.Request) => ...`
 */
export type WebSocketHandler<Request extends IncomingMessage = IncomingMessage> = (
  webSocket: ManagedWebSocket,
  request: Request,
) => Promise<void> | void

/**
 * Creates an endpoint from a {@link WebSocketHandler}, for `app.all()`. It requires `useWebSockets()` in front of it.
 * - It answers other requests with 426, unless `options` say otherwise. It answers a malformed WebSocket request with 400 and the reason as
 *   text.
 * - It accepts a WebSocket request. If the accept fails, it sends no response and passes the error to `next`.
 * - When the handler returns, it closes the socket with 1000 if the socket is still open. It answers a received Close frame with the same code.
 * - When the handler throws, it closes the socket with 1011. When the socket has completed, it passes the error to `next`. Error handlers see
 *   the error, but their response does not reach the client. An error of the socket itself (the client has vanished or broke the protocol) is
 *   not a failure of the handler: it is reported by `completion` of the socket, and not passed to `next`.
 *
 * @param handler - called with the accepted WebSocket and its request.
 * @param context - the context for `acceptWebSocketAsync()`, or a function that returns one for a request, or a promise of one, e.g. to choose a
 * sub-protocol. If it throws or rejects, the request is not accepted, and the error is passed to `next`.
 * @param options - whether other requests are refused or go to the next handler.
 * @example
 * ```ts
 * app.all(
 *   '/ws',
 *   webSocketHandler(async (webSocket) => {
 *     for await (const message of webSocket) await webSocket.sendAsync(message)
 *   }),
 * )
 * ```
 * @throws `WebSocketException` with code `ERR_WEBSOCKET_INVALID_ARGUMENT` for an invalid handler or context, and with
 * `ERR_WEBSOCKET_INVALID_OPTION` for invalid `options`.
 */
export function webSocketHandler<Request extends IncomingMessage = IncomingMessage>(
  handler: WebSocketHandler<Request>,
  context?: WebSocketAcceptContext | ((request: Request) => WebSocketAcceptContext | Promise<WebSocketAcceptContext>),
  options?: WebSocketHandlerOptions,
): (request: Request, response: ServerResponse, next: (error?: unknown) => void) => Promise<void> {
  if (typeof handler !== 'function') throw argumentError('webSocketHandler', 'handler', 'must be a function', handler)
  checkEndpointContext(context, 'webSocketHandler')
  const handlerOptions = resolveHandlerOptions(options, 'webSocketHandler')
  return async function handleWebSocket(request, response, next) {
    let webSockets: WebSocketManager
    try {
      webSockets = webSocketsOf(request)
      if (webSockets.isWebSocketRequest) return await handle(request, webSockets)
    } catch (error) {
      return next(error)
    }
    return passOnOrRefuse({ request, response, next }, webSockets.refusal, handlerOptions)
  }

  async function handle(request: Request, webSockets: WebSocketManager): Promise<void> {
    const webSocket = await webSockets.acceptWebSocketAsync(typeof context === 'function' ? await context(request) : context)
    await runHandler(webSocket, request, handler)
  }
}

async function runHandler<Request extends IncomingMessage>(
  webSocket: ManagedWebSocket,
  request: Request,
  handler: WebSocketHandler<Request>,
): Promise<void> {
  try {
    await handler(webSocket, request)
    await closeInOrder(webSocket)
  } catch (error) {
    const isFromSocket = hasEnded(webSocket) && isSocketError(error)
    if (!isFromSocket) diagnostics.error({ request, webSocket, error })
    await failWebSocket(webSocket)
    if (!isFromSocket) throw error
  }
}

async function closeInOrder(webSocket: ManagedWebSocket): Promise<void> {
  if (webSocket.state === WebSocketState.Open) await webSocket.closeAsync(WebSocketCloseStatus.NormalClosure)
  await webSocket[Symbol.asyncDispose]()
}

/** Whether an ended socket rejects its calls with such an error. Other errors, such as an invalid argument, are mistakes of the handler. */
function isSocketError(error: unknown): boolean {
  if (!(error instanceof WebSocketException)) return false
  return error.code === 'ABORT_ERR' || error.code === 'ERR_WEBSOCKET_INVALID_STATE' || isConnectionError(error)
}

function hasEnded({ state }: ManagedWebSocket): boolean {
  return state === WebSocketState.Aborted || state === WebSocketState.Closed
}
