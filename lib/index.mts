/*
 * The entry for `import`. It re-exports the CommonJS build, so that a process has one copy of the classes and their state, however it loads this
 * package. Values are listed by name, because `export *` from CommonJS would also export `__esModule`.
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
