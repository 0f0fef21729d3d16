import type { IncomingMessage, ServerResponse } from 'node:http'
import { checkVersion, WEB_SOCKET_VERSION } from '../handshake/check-version.ts'
import { headerLines } from '../handshake/header-lines.ts'
import { resolveAcceptContext } from './options/web-socket-accept-context.ts'
import type { WebSocketManager } from './web-socket-manager.ts'
import { resolveWebSocketOptions } from './options/web-socket-options.ts'
import { invalidArgument } from '../web-socket/arguments.ts'
import { WebSocketException } from '../errors/web-socket-exception.ts'

/**
 * Returns the `webSockets` manager of a request.
 * @throws {@link WebSocketException} with code `ERR_WEBSOCKET_NOT_SUPPORTED` if it has not passed `useWebSockets()`.
 */
export function webSocketsOf(request: IncomingMessage): WebSocketManager {
  const given: unknown = request
  if (typeof given !== 'object' || given === null) {
    throw invalidArgument('request', 'must be a request of node:http, Express or Connect', given)
  }
  if ('webSockets' in request) return request.webSockets
  throw new WebSocketException('ERR_WEBSOCKET_NOT_SUPPORTED', 'The request has not passed useWebSockets(): app.use(useWebSockets()) first')
}

/** Checks the context when the endpoint is created, not when a client connects. If it is a function, its results are checked for each request. */
export function checkEndpointContext(context: unknown, name: string): void {
  if (typeof context !== 'function') resolveAcceptContext(context, resolveWebSocketOptions(undefined), name)
}

/** Refuses a request that is not a WebSocket request at an endpoint that serves only WebSockets. */
export function answerOtherRequest(request: IncomingMessage, response: ServerResponse, refusal: string | undefined): void {
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
 * 426 if the request does not ask for a WebSocket or asks for another version; 400 if the handshake is malformed (RFC 6455, sections 4.2.1
 * and 4.2.2; RFC 9110, section 15.5.22). HTTP/2 has no `Upgrade` field, so 426 makes no sense there.
 */
function refusalStatus({ httpVersionMajor, rawHeaders }: IncomingMessage, refusal: string | undefined): 400 | 426 {
  const isMalformed = refusal !== undefined && checkVersion(headerLines(rawHeaders, 'sec-websocket-version')) === undefined
  return httpVersionMajor > 1 || isMalformed ? 400 : 426
}
