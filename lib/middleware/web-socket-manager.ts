import type { IncomingMessage, ServerResponse } from 'node:http'
import { AcceptedRequest } from './accepted-request.ts'
import type { AcceptedWebSocket } from './accepted-web-socket.ts'
import { negotiateCompression } from '../handshake/negotiate-compression.ts'
import type { CompressionAgreement } from '../handshake/negotiate-compression.ts'
import { requestedSubProtocols } from '../handshake/sub-protocol.ts'
import type { WebSocketRequest } from '../hosting/web-socket-request.ts'
import { resolveAcceptContext } from './options/web-socket-accept-context.ts'
import type { ResolvedAcceptContext, WebSocketAcceptContext } from './options/web-socket-accept-context.ts'
import type { ResolvedWebSocketOptions } from './options/web-socket-options.ts'
import type { WebSocketRegistry } from './web-socket-registry.ts'
import type { CompletionListener } from '../web-socket/values/completion-listener.ts'
import { ManagedWebSocket } from '../web-socket/managed-web-socket.ts'
import { WebSocketException } from '../errors/web-socket-exception.ts'
import type { WebSocketSettings } from '../web-socket/values/web-socket-settings.ts'
import type { WebSocketTransport } from '../web-socket/transport/web-socket-transport.ts'

/** Creates the socket of an accepted connection. */
export type WebSocketFactory<Socket extends AcceptedWebSocket> = (
  transport: WebSocketTransport,
  settings: WebSocketSettings,
  completionListener: CompletionListener,
) => Socket

/** The state that all requests of one middleware share. */
export interface WebSocketPipeline {
  readonly options: ResolvedWebSocketOptions
  /** The context of an accept without an argument. */
  readonly defaultContext: ResolvedAcceptContext
  readonly registry: WebSocketRegistry
}

/** The type of `request.webSockets`: tells whether a request asks for a WebSocket, and accepts it. .NET's `HttpContext.WebSockets`. */
export class WebSocketManager {
  readonly #request: IncomingMessage
  readonly #response: ServerResponse
  readonly #webSocketRequest: WebSocketRequest
  readonly #pipeline: WebSocketPipeline
  /** Whether an accept has begun and has not failed. */
  #isTaken = false

  /** @internal */
  constructor(request: IncomingMessage, response: ServerResponse, webSocketRequest: WebSocketRequest, pipeline: WebSocketPipeline) {
    this.#request = request
    this.#response = response
    this.#webSocketRequest = webSocketRequest
    this.#pipeline = pipeline
  }

  /** Whether this is a valid WebSocket request (RFC 6455, section 4.2.1; RFC 8441, section 5) that can be accepted. */
  get isWebSocketRequest(): boolean {
    return this.#webSocketRequest.isWebSocketRequest
  }

  /** Why a malformed WebSocket request is not valid, as text; `undefined` for a valid WebSocket request and for every other request. */
  get refusal(): string | undefined {
    return this.#webSocketRequest.refusal
  }

  /** The sub-protocols that the client offers, in its order; empty if it offers none. Invalid names are left out, so each can be accepted. */
  get webSocketRequestedProtocols(): readonly string[] {
    return requestedSubProtocols(this.#request.rawHeaders)
  }

  /**
   * Accepts the WebSocket: sends 101 (200 over HTTP/2) with the header fields that were set on the response. The response stays unfinished
   * until the socket has completed, and can no longer be written to.
   * @param subProtocolOrContext - the sub-protocol of the response, or options for this WebSocket. Defaults to no sub-protocol and the options
   * of `useWebSockets()`.
   * @example
   * ```ts
   * await using webSocket = await req.webSockets.acceptWebSocketAsync({ subProtocol: 'chat', maxMessageSize: 65_536 })
   * for await (const message of webSocket) await webSocket.sendAsync(message)
   * ```
   * @throws {@link WebSocketException} rejects with `ERR_WEBSOCKET_INVALID_ARGUMENT`; `ERR_WEBSOCKET_NOT_A_WEBSOCKET_REQUEST`,
   * `ERR_WEBSOCKET_ALREADY_ACCEPTED`, `ERR_WEBSOCKET_RESPONSE_STARTED`, `ERR_WEBSOCKET_SERVER_CLOSING` after `closeAsync()` of the middleware;
   * `ERR_WEBSOCKET_CLIENT_GONE`; `ABORT_ERR` if the signal of the context was aborted. In all these cases nothing was written.
   */
  acceptWebSocketAsync(subProtocolOrContext?: string | WebSocketAcceptContext | null): Promise<ManagedWebSocket> {
    return this.acceptWith(createManagedWebSocket, subProtocolOrContext)
  }

  /** @internal Works as `acceptWebSocketAsync()`, for a socket of another class. */
  async acceptWith<Socket extends AcceptedWebSocket>(
    createWebSocket: WebSocketFactory<Socket>,
    subProtocolOrContext: string | WebSocketAcceptContext | null | undefined,
  ): Promise<Socket> {
    const { options, defaultContext } = this.#pipeline
    const context = subProtocolOrContext === undefined ? defaultContext : resolveAcceptContext(subProtocolOrContext, options)
    this.#checkState()
    this.#isTaken = true
    try {
      return await this.#accept(createWebSocket, context)
    } catch (error) {
      this.#isTaken = false
      throw error
    }
  }

  #checkState(): void {
    const { isWebSocketRequest, isResponseStarted, refusal } = this.#webSocketRequest
    if (!isWebSocketRequest) {
      const message = `Not a WebSocket request: ${refusal ?? 'it has no WebSocket handshake. Check isWebSocketRequest first'}`
      throw new WebSocketException('ERR_WEBSOCKET_NOT_A_WEBSOCKET_REQUEST', message)
    }
    if (this.#isTaken) {
      throw new WebSocketException(
        'ERR_WEBSOCKET_ALREADY_ACCEPTED',
        'The WebSocket of this request was already accepted; a request can be accepted only once',
      )
    }
    if (isResponseStarted) {
      throw new WebSocketException(
        'ERR_WEBSOCKET_RESPONSE_STARTED',
        'The response has already started, so the WebSocket can no longer be accepted',
      )
    }
    if (this.#pipeline.registry.isDraining) {
      throw new WebSocketException('ERR_WEBSOCKET_SERVER_CLOSING', 'The WebSockets of this server are being closed; no more are accepted')
    }
  }

  async #accept<Socket extends AcceptedWebSocket>(
    createWebSocket: WebSocketFactory<Socket>,
    context: ResolvedAcceptContext,
  ): Promise<Socket> {
    const headers: [name: string, value: string][] = []
    if (context.subProtocol !== null) headers.push(['Sec-WebSocket-Protocol', context.subProtocol])
    const agreement = context.compression && negotiateCompression(this.#request.rawHeaders, context.compression)
    if (agreement !== undefined) headers.push(['Sec-WebSocket-Extensions', agreement.responseHeader])
    const transport = await this.#webSocketRequest.acceptAsync(headers, context.signal)
    const accepted = new AcceptedRequest(this.#request, this.#response, this.#webSocketRequest, this.#pipeline.registry)
    const webSocket = createWebSocket(transport, toSettings(context, agreement), accepted)
    accepted.begin(webSocket, transport.duplex)
    // The transport is handed over paused.
    transport.duplex.resume()
    return webSocket
  }
}

function createManagedWebSocket(
  transport: WebSocketTransport,
  settings: WebSocketSettings,
  completionListener: CompletionListener,
): ManagedWebSocket {
  return new ManagedWebSocket(transport, settings, completionListener)
}

function toSettings(context: ResolvedAcceptContext, agreement: CompressionAgreement | undefined): WebSocketSettings {
  if (context.compression === undefined) return context
  const { threshold, level } = context.compression
  return { ...context, compression: agreement && { ...agreement, threshold, level } }
}
