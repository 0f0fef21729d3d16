/* The entry for `import`: see index.mts. */
export type * from './ws.ts'
export { acceptWsWebSocketAsync, webSocketServerHandler } from './ws.ts'
