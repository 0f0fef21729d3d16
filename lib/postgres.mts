/* The entry for `import`: see index.mts. */
export type * from './postgres.ts'
export { PostgresBackplane } from './postgres.ts'
