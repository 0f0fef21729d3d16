/* The entry for `import`: see index.mts. */
export type * from './testing.ts'
export { requestWebSocket, WebSocketTestAnswer } from './testing.ts'
