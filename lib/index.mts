/*
 * The door for `import`. It hands out what the CommonJS core exports, so that a process has one copy of the classes and of their state
 * whichever way it loads this package. Values are listed by name because `export *` from CommonJS would export `__esModule` as well.
 */
export type * from './index.ts'
export {
  attachWebSockets,
  createReadableMessageStream,
  createWebSocketStream,
  createWritableMessageStream,
  ManagedWebSocket,
  prepareMessage,
  useWebSockets,
  WebSocketCloseStatus,
  WebSocketErrorCode,
  WebSocketException,
  webSocketHandler,
  WebSocketMessageFlags,
  WebSocketMessageType,
  WebSocketState,
} from './index.ts'
