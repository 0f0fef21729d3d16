/* The door for `import`. Unlike the others it is no way into the CommonJS copy: the build puts the client itself here, as one ES module, for pages. */
export type * from './client.ts'
export { connectWebSocket } from './client.ts'
