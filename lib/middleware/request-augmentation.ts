import type { WebSocketManager } from './web-socket-manager.ts'

/** The property that `useWebSockets()` adds to a request. It is declared on `IncomingMessage`, and Express's `Request` inherits it. */
export interface RequestWithWebSockets {
  /** Tells whether this request asks for a WebSocket, and accepts the WebSocket. */
  readonly webSockets: WebSocketManager
}

declare module 'http' {
  interface IncomingMessage extends RequestWithWebSockets {}
}
