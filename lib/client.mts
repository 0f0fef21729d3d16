/*
 * The entry for `import`. Unlike the other entries, it is no re-export of the CommonJS build: the build puts the whole client here, as one ES module
 * for pages.
 */
export type * from './client.ts'
export { connectWebSocket } from './client.ts'
