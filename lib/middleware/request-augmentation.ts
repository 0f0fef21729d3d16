import type { WebSocketManager } from './web-socket-manager.ts'

/** What a request has that has passed `useWebSockets()`. Every `IncomingMessage`, and so Express's `Request`, is declared to have it. */
export interface RequestWithWebSockets {
  /** Tells whether this request asks for a WebSocket, and accepts it. */
  readonly webSockets: WebSocketManager
}

declare module 'http' {
  interface IncomingMessage extends RequestWithWebSockets {}
}
