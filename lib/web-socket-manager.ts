import type { IncomingMessage, ServerResponse } from 'node:http'
import type { AcceptedWebSocket } from './accepted-web-socket.ts'
import { diagnostics } from './diagnostics.ts'
import { failWebSocket } from './fail-web-socket.ts'
import { negotiateCompression } from './handshake/negotiate-compression.ts'
import { requestedSubProtocols } from './handshake/sub-protocol.ts'
import { guardResponse } from './hosting/response-guard.ts'
import type { WebSocketRequest } from './hosting/web-socket-request.ts'
import { resolveAcceptContext } from './web-socket-accept-context.ts'
import type { CompressionSettings, ResolvedAcceptContext, WebSocketAcceptContext } from './web-socket-accept-context.ts'
import type { ResolvedWebSocketOptions } from './web-socket-options.ts'
import type { WebSocketRegistry } from './web-socket-registry.ts'
import { ManagedWebSocket } from './web-socket/managed-web-socket.ts'
import { WebSocketException } from './web-socket/web-socket-exception.ts'
import type { WebSocketCompression, WebSocketSettings } from './web-socket/web-socket-settings.ts'
import type { WebSocketTransport } from './web-socket/web-socket-transport.ts'

/** Makes the socket of an accepted connection. */
export type OpenWebSocket<Socket extends AcceptedWebSocket> = (transport: WebSocketTransport, settings: WebSocketSettings) => Socket

/** `request.webSockets`: tells whether a request asks for a WebSocket, and accepts it. .NET's `HttpContext.WebSockets`. */
export class WebSocketManager {
  readonly #request: IncomingMessage
  readonly #response: ServerResponse
  readonly #webSocketRequest: WebSocketRequest
  readonly #options: ResolvedWebSocketOptions
  readonly #registry: WebSocketRegistry
  #isAccepting = false

  /** @internal */
  constructor(
    request: IncomingMessage,
    response: ServerResponse,
    webSocketRequest: WebSocketRequest,
    options: ResolvedWebSocketOptions,
    registry: WebSocketRegistry,
  ) {
    this.#request = request
    this.#response = response
    this.#webSocketRequest = webSocketRequest
    this.#options = options
    this.#registry = registry
  }

  /** Whether this request asks for a WebSocket (RFC 6455, section 4.2.1; RFC 8441, section 5), so that it can be accepted. */
  get isWebSocketRequest(): boolean {
    return this.#webSocketRequest.isWebSocketRequest
  }

  /** Why an attempt to open a WebSocket is no WebSocket request, in words; `undefined` if it is one, or was no attempt. */
  get refusal(): string | undefined {
    return this.#webSocketRequest.refusal
  }

  /** The sub-protocols that the client offers, in its order; empty if it offers none. */
  get webSocketRequestedProtocols(): readonly string[] {
    return requestedSubProtocols(this.#request.rawHeaders)
  }

  /**
   * Accepts: answers the request with 101 (200 over HTTP/2) and everything that was set on the response, and makes the connection a
   * WebSocket. The response stays unfinished until the socket has completed, and cannot be written to any more.
   * @param subProtocolOrContext - the sub-protocol to answer with, or everything there is to say about this WebSocket. Defaults to no
   * sub-protocol and the options of `useWebSockets()`.
   * @example
   * ```ts
   * await using webSocket = await req.webSockets.acceptWebSocketAsync({ subProtocol: 'chat', maxMessageSize: 65_536 })
   * for await (const message of webSocket) await webSocket.sendAsync(message)
   * ```
   * @throws {@link WebSocketException} rejects with `ERR_WEBSOCKET_INVALID_ARGUMENT`; `ERR_WEBSOCKET_NOT_A_WEBSOCKET_REQUEST`,
   * `ERR_WEBSOCKET_ALREADY_ACCEPTED`, `ERR_WEBSOCKET_RESPONSE_STARTED`, `ERR_WEBSOCKET_SERVER_CLOSING` after `closeAsync()` of the middleware;
   * `ERR_WEBSOCKET_CLIENT_GONE`; `ABORT_ERR` if the context's signal was aborted. Nothing was written then.
   */
  acceptWebSocketAsync(subProtocolOrContext?: string | WebSocketAcceptContext | null): Promise<ManagedWebSocket> {
    return this.acceptWith(openManagedWebSocket, subProtocolOrContext)
  }

  /** @internal `acceptWebSocketAsync()`, for a socket of another make. */
  async acceptWith<Socket extends AcceptedWebSocket>(
    open: OpenWebSocket<Socket>,
    subProtocolOrContext: string | WebSocketAcceptContext | null | undefined,
  ): Promise<Socket> {
    const context = resolveAcceptContext(subProtocolOrContext, this.#options)
    this.#checkState()
    this.#isAccepting = true
    try {
      return await this.#accept(open, context)
    } catch (error) {
      this.#isAccepting = false
      throw error
    }
  }

  #checkState(): void {
    const { isWebSocketRequest, isResponseStarted, refusal } = this.#webSocketRequest
    if (!isWebSocketRequest) {
      const message = `Not a WebSocket request${refusal === undefined ? '' : `: ${refusal}`}`
      throw new WebSocketException('ERR_WEBSOCKET_NOT_A_WEBSOCKET_REQUEST', message)
    }
    if (this.#isAccepting) {
      throw new WebSocketException('ERR_WEBSOCKET_ALREADY_ACCEPTED', 'The WebSocket was accepted before; a request can be accepted once')
    }
    if (isResponseStarted) {
      throw new WebSocketException(
        'ERR_WEBSOCKET_RESPONSE_STARTED',
        'The response has already started, so the WebSocket cannot be accepted any more',
      )
    }
    if (this.#registry.isDraining) {
      throw new WebSocketException('ERR_WEBSOCKET_SERVER_CLOSING', 'The WebSockets of this server are being closed; no more are accepted')
    }
  }

  async #accept<Socket extends AcceptedWebSocket>(open: OpenWebSocket<Socket>, context: ResolvedAcceptContext): Promise<Socket> {
    const headers: [name: string, value: string][] = []
    if (context.subProtocol !== null) headers.push(['Sec-WebSocket-Protocol', context.subProtocol])
    const agreement = context.compression && negotiateCompression(this.#request.rawHeaders, context.compression)
    if (agreement !== undefined) headers.push(['Sec-WebSocket-Extensions', agreement.responseHeader])
    const transport = await this.#webSocketRequest.acceptAsync(headers, context.signal)
    return this.#open(open, transport, context, agreement && { ...agreement, ...usage(context.compression) })
  }

  #open<Socket extends AcceptedWebSocket>(
    open: OpenWebSocket<Socket>,
    transport: WebSocketTransport,
    context: ResolvedAcceptContext,
    compression: WebSocketCompression | undefined,
  ): Socket {
    const { duplex } = transport
    const registry = this.#registry
    const request = this.#request
    const acceptedAt = performance.now()
    const webSocket: Socket = open(transport, {
      isServer: true,
      subProtocol: context.subProtocol,
      keepAliveInterval: context.keepAliveInterval,
      keepAliveTimeout: context.keepAliveTimeout,
      maxBufferedAmount: context.maxBufferedAmount,
      maxMessageSize: context.maxMessageSize,
      closeTimeout: context.closeTimeout,
      compression,
      onCompleted: (completion) => {
        registry.delete(webSocket)
        diagnostics.close({ request, webSocket, completion, duration: performance.now() - acceptedAt })
        if (completion.error !== undefined) diagnostics.error({ request, webSocket, error: completion.error })
      },
    })
    registry.add(webSocket)
    diagnostics.accept({ request, webSocket })
    const release = guardResponse(this.#response, () => void failWebSocket(webSocket))
    // First of all listeners, so that whoever logs requests finds the response finished, not broken off.
    duplex.prependOnceListener('close', () => {
      release()
      this.#webSocketRequest.complete()
    })
    // It was handed over paused.
    duplex.resume()
    return webSocket
  }
}

function openManagedWebSocket(transport: WebSocketTransport, settings: WebSocketSettings): ManagedWebSocket {
  return new ManagedWebSocket(transport, settings)
}

function usage(compression: CompressionSettings | undefined): Pick<WebSocketCompression, 'threshold' | 'level'> {
  return { threshold: compression?.threshold ?? 0, level: compression?.level ?? -1 }
}
