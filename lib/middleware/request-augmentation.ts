import type { WebSocketManager } from './web-socket-manager.ts'

/** The property that `useWebSockets()` adds to a request. The types declare it on `IncomingMessage`, and so on Express's `Request`. */
export interface RequestWithWebSockets {
  /** Tells whether this request asks for a WebSocket, and accepts the WebSocket. */
  readonly webSockets: WebSocketManager
}

declare module 'http' {
  interface IncomingMessage extends RequestWithWebSockets {}
}
