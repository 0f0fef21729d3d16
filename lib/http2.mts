/* The entry for `import`: see index.mts. */
export type * from './http2.ts'
export { createSecureServer, createServer } from './http2.ts'
