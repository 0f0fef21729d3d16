import type { WebSocketTransport } from '../web-socket/transport/web-socket-transport.ts'

/**
 * One HTTP request seen as a possible WebSocket, whatever protocol carries it.
 * `http1-request.ts` and `http2/` make these; `web-socket-manager.ts` uses them and knows neither protocol.
 */
export interface WebSocketRequest {
  /** Whether the request asks for a WebSocket as RFC 6455, section 4.2.1, or RFC 8441, section 5, wants it. */
  readonly isWebSocketRequest: boolean
  /** Why an attempt to upgrade is not a WebSocket request; `undefined` if it is one or was no attempt. */
  readonly refusal: string | undefined
  /** Whether this response was begun or the connection taken, so that accepting is too late. */
  readonly isResponseStarted: boolean
  /**
   * Writes the accepting response (101 or 200) with these header fields on top of those the application set, and hands the connection over.
   * Rejects with `ERR_WEBSOCKET_CLIENT_GONE` if the client has gone.
   */
  acceptAsync(headers: readonly (readonly [name: string, value: string])[], signal: AbortSignal | undefined): Promise<WebSocketTransport>
  /**
   * Ends request and response, when the accepted socket has completed: as finished, or, if it was cut, as broken off. Where the connection is
   * still to close, the response finishes now and closes with it.
   */
  complete(wasClean: boolean, isConnectionOpen: boolean): void
}
