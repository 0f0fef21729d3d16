export { connectWebSocket } from './client/connect-web-socket.ts'
export type { ReconnectingWebSocketOptions } from './client/client-options.ts'
export type { EndedConnection } from './client/ended-connection.ts'
export type {
  ReconnectingWebSocket,
  ReconnectingWebSocketEvents,
  ReconnectingWebSocketState,
  WebSocketCloseEvent,
  WebSocketMessageEvent,
} from './client/reconnecting-web-socket.ts'
export type { SendableData } from './client/sendable-data.ts'
export type { PlainWebSocket, PlainWebSocketEvent, WebSocketClass } from './client/runtime-globals.ts'
export type { WebSocketAddress } from './client/web-socket-address.ts'
