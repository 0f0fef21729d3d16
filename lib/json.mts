/* The entry for `import`: see index.mts. */
export type * from './json.ts'
export { jsonMessages, sendJson } from './json.ts'
