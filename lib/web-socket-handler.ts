import type { IncomingMessage, ServerResponse } from 'node:http'
import { diagnostics } from './diagnostics.ts'
import { failWebSocket } from './fail-web-socket.ts'
import { checkVersion, WEB_SOCKET_VERSION } from './handshake/check-version.ts'
import { headerLines } from './handshake/header-lines.ts'
import type { WebSocketAcceptContext } from './web-socket-accept-context.ts'
import type { ManagedWebSocket } from './web-socket/managed-web-socket.ts'
import { WebSocketCloseStatus } from './web-socket/web-socket-close-status.ts'
import { WebSocketException } from './web-socket/web-socket-exception.ts'
import { WebSocketState } from './web-socket/web-socket-state.ts'

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
 * - what is no WebSocket request is answered 426, or 400 if it is a malformed attempt at one, with the reason in words;
 * - a WebSocket request is accepted; if that fails, the error goes to `next`, and nothing was answered;
 * - when the handler is through, the socket is closed with 1000 if it is still open; a received Close frame is answered with its own code;
 * - when the handler throws, the socket is closed with 1011, and then, when it has completed, the error goes to `next`: error handlers get to
 *   see it, and nothing that they answer reaches the client. An error of the socket itself (the client has vanished, or broke the protocol)
 *   is no failure of the handler: it is in the socket's `completion`, and goes nowhere else.
 *
 * @param handler - what happens between accept and close.
 * @param context - as of `acceptWebSocketAsync`, or a function that makes one for a request, e.g. to choose a sub-protocol.
 * @example
 * ```ts
 * app.all(
 *   '/ws',
 *   webSocketHandler(async (webSocket) => {
 *     for await (const message of webSocket) await webSocket.sendAsync(message)
 *   }),
 * )
 * ```
 */
export function webSocketHandler<Request extends IncomingMessage = IncomingMessage>(
  handler: WebSocketHandler<Request>,
  context?: WebSocketAcceptContext | ((request: Request) => WebSocketAcceptContext),
): (request: Request, response: ServerResponse, next: (error?: unknown) => void) => Promise<void> {
  return async function handleWebSocket(request, response, next) {
    try {
      await handle(request, response)
    } catch (error) {
      next(error)
    }
  }

  async function handle(request: Request, response: ServerResponse): Promise<void> {
    if (!('webSockets' in request)) {
      throw new WebSocketException('ERR_WEBSOCKET_NOT_SUPPORTED', 'WebSockets are not supported: app.use(useWebSockets()) first')
    }
    const { webSockets } = request
    if (!webSockets.isWebSocketRequest) {
      refuse(request, response, webSockets.refusal)
      return
    }
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
  const { closeStatus, closeStatusDescription, state } = webSocket
  if (state === WebSocketState.Open) await webSocket.closeAsync(WebSocketCloseStatus.NormalClosure)
  if (state === WebSocketState.CloseReceived)
    await webSocket.closeOutputAsync(closeStatus ?? WebSocketCloseStatus.NormalClosure, closeStatusDescription)
  await webSocket.completion
}

function hasEnded({ state }: ManagedWebSocket): boolean {
  return state === WebSocketState.Aborted || state === WebSocketState.Closed
}

function refuse(request: IncomingMessage, response: ServerResponse, refusal: string | undefined): void {
  response.statusCode = refusalStatus(request, refusal)
  if (response.statusCode === 426) {
    response.setHeader('Connection', 'Upgrade')
    response.setHeader('Upgrade', 'websocket')
  }
  response.setHeader('Sec-WebSocket-Version', WEB_SOCKET_VERSION)
  response.setHeader('Content-Type', 'text/plain; charset=utf-8')
  response.end(`This is a WebSocket endpoint${refusal === undefined ? '' : `: ${refusal}`}\n`)
}

/**
 * 426 to what asks for no WebSocket, or for one of another version; 400 to what asks for the right one in a wrong way (RFC 6455,
 * sections 4.2.1 and 4.2.2; RFC 9110, section 15.5.22). HTTP/2 knows no Upgrade, and so no status that asks for one.
 */
function refusalStatus({ httpVersionMajor, rawHeaders }: IncomingMessage, refusal: string | undefined): 400 | 426 {
  const isMalformed = refusal !== undefined && checkVersion(headerLines(rawHeaders, 'sec-websocket-version')) === undefined
  return httpVersionMajor > 1 || isMalformed ? 400 : 426
}
