/* The entry for `import`: see index.mts. */
export type * from './groups.ts'
export { WebSocketGroup, WebSocketGroups } from './groups.ts'
