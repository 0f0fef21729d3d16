import type { WebSocketTransport } from '../web-socket/transport/web-socket-transport.ts'

/**
 * One HTTP request as a possible WebSocket, over any protocol. `http1-request.ts` and `http2/` create it. `web-socket-manager.ts` uses it and knows
 * no protocol.
 */
export interface WebSocketRequest {
  /** Whether the request is a WebSocket handshake by RFC 6455, section 4.2.1, or RFC 8441, section 5. */
  readonly isWebSocketRequest: boolean
  /** Why an upgrade attempt is not a WebSocket request; `undefined` if it is one or the request is no attempt. */
  readonly refusal: string | undefined
  /** Whether the response has started or the connection was taken over, so that it is too late to accept. */
  readonly isResponseStarted: boolean
  /**
   * Writes the accepting response (101 or 200) with these header fields in addition to those of the application, and returns the connection. Rejects
   * with `ERR_WEBSOCKET_CLIENT_GONE` if the client has gone.
   */
  acceptAsync(headers: readonly (readonly [name: string, value: string])[], signal: AbortSignal | undefined): Promise<WebSocketTransport>
  /**
   * Ends the request and the response when the accepted socket has completed: as finished, or as aborted if the connection was cut. If the connection
   * is still open, the response finishes now and closes with it.
   */
  complete(wasClean: boolean, isConnectionOpen: boolean): void
}
