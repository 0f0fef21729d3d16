/* The entry for `import`: see index.mts. */
export type * from './redis.ts'
export { RedisBackplane } from './redis.ts'
