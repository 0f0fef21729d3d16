export { RedisBackplane } from './redis/redis-backplane.ts'
export type { RedisBackplaneOptions } from './redis/redis-backplane.ts'
export type { IoRedisClient, IoRedisOverrides, NodeRedisClient, RedisClient } from './redis/redis-client.ts'
