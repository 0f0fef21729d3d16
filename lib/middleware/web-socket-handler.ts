import type { IncomingMessage, ServerResponse } from 'node:http'
import { diagnostics } from './diagnostics.ts'
import { failWebSocket } from './fail-web-socket.ts'
import type { WebSocketAcceptContext } from './web-socket-accept-context.ts'
import { passOnOrRefuse, resolveHandlerOptions } from './other-requests.ts'
import type { WebSocketHandlerOptions } from './other-requests.ts'
import { checkEndpointContext, webSocketsOf } from './web-socket-endpoint.ts'
import type { WebSocketManager } from './web-socket-manager.ts'
import { argumentError } from '../options/argument-error.ts'
import type { ManagedWebSocket } from '../web-socket/managed-web-socket.ts'
import { WebSocketCloseStatus } from '../web-socket/values/web-socket-close-status.ts'
import { WebSocketException } from '../errors/web-socket-exception.ts'
import { WebSocketState } from '../web-socket/values/web-socket-state.ts'

/**
 * Converses over one WebSocket. When it returns, or its promise resolves, the conversation is over.
 * @typeParam Request - write it at the parameter if you need more than node's: `(webSocket, request: express.Request) => ...`
 */
export type WebSocketHandler<Request extends IncomingMessage = IncomingMessage> = (
  webSocket: ManagedWebSocket,
  request: Request,
) => Promise<void> | void

/**
 * Makes an endpoint of a {@link WebSocketHandler}, for `app.all()`, behind `useWebSockets()`:
 * - what is no WebSocket request is answered 426, unless `options` say otherwise, or 400 if it is a malformed attempt at one, with the reason in
 *   words;
 * - a WebSocket request is accepted; if that fails, the error goes to `next`, and nothing was answered;
 * - when the handler is through, the socket is closed with 1000 if it is still open; a received Close frame is answered with its own code;
 * - when the handler throws, the socket is closed with 1011, and then, when it has completed, the error goes to `next`: error handlers get to
 *   see it, and nothing that they answer reaches the client. An error of the socket itself (the client has vanished, or broke the protocol)
 *   is no failure of the handler: it is in the socket's `completion`, and goes nowhere else.
 *
 * @param handler - what happens between accept and close.
 * @param context - as of `acceptWebSocketAsync`, or a function that makes one for a request, e.g. to choose a sub-protocol.
 * @param options - whether other requests are refused, or go on to the next handler.
 * @example
 * ```ts
 * app.all(
 *   '/ws',
 *   webSocketHandler(async (webSocket) => {
 *     for await (const message of webSocket) await webSocket.sendAsync(message)
 *   }),
 * )
 * ```
 * @throws `WebSocketException` with code `ERR_WEBSOCKET_INVALID_ARGUMENT`.
 */
export function webSocketHandler<Request extends IncomingMessage = IncomingMessage>(
  handler: WebSocketHandler<Request>,
  context?: WebSocketAcceptContext | ((request: Request) => WebSocketAcceptContext),
  options?: WebSocketHandlerOptions,
): (request: Request, response: ServerResponse, next: (error?: unknown) => void) => Promise<void> {
  if (typeof handler !== 'function') throw argumentError('webSocketHandler', 'handler', 'must be a function', handler)
  checkEndpointContext(context)
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
    const webSocket = await webSockets.acceptWebSocketAsync(typeof context === 'function' ? context(request) : context)
    await converse(webSocket, request, handler)
  }
}

async function converse<Request extends IncomingMessage>(
  webSocket: ManagedWebSocket,
  request: Request,
  handler: WebSocketHandler<Request>,
): Promise<void> {
  try {
    await handler(webSocket, request)
    await closeInOrder(webSocket)
  } catch (error) {
    const isSocketsOwn = error instanceof WebSocketException && hasEnded(webSocket)
    if (!isSocketsOwn) diagnostics.error({ request, webSocket, error })
    await failWebSocket(webSocket)
    if (!isSocketsOwn) throw error
  }
}

async function closeInOrder(webSocket: ManagedWebSocket): Promise<void> {
  if (webSocket.state === WebSocketState.Open) await webSocket.closeAsync(WebSocketCloseStatus.NormalClosure)
  await webSocket[Symbol.asyncDispose]()
}

function hasEnded({ state }: ManagedWebSocket): boolean {
  return state === WebSocketState.Aborted || state === WebSocketState.Closed
}
