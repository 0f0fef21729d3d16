/** Checks the types of `express-use-websockets/redis`. Only the compiler uses this file. */
import { Cluster, Redis } from 'ioredis'
import { createClient } from 'redis'
import type { Backplane } from 'express-use-websockets/groups'
import { RedisBackplane } from 'express-use-websockets/redis'
import type { IoRedisClient, IoRedisOverrides, NodeRedisClient, RedisBackplaneOptions, RedisClient } from 'express-use-websockets/redis'
import { expectType } from './expect-type.ts'
import type { Same } from './expect-type.ts'

export async function promises(): Promise<void> {
  const options: RedisBackplaneOptions = {
    prefix: 'chat:',
    maxPendingBytes: Infinity,
    onDown: (error) => expectType<Same<typeof error, Error | undefined>>(),
    onUp: () => undefined,
  }
  const nodeRedis: NodeRedisClient = createClient({ url: 'redis://127.0.0.1' })
  const ioRedis: IoRedisClient = new Redis()
  const overrides: IoRedisOverrides = { autoResendUnfulfilledCommands: false, enableOfflineQueue: false, maxRetriesPerRequest: 0 }
  void ioRedis.duplicate(overrides)
  expectType<Same<RedisClient, NodeRedisClient | IoRedisClient>>()
  await using backplane = new RedisBackplane(createClient(), options)
  await using other: Backplane & AsyncDisposable = new RedisBackplane(new Redis())
  await using third = new RedisBackplane(Math.random() < 1 ? nodeRedis : ioRedis)
  expectType<Same<typeof backplane.isUp, boolean>>()
  void other
  void third
  // @ts-expect-error: a cluster is made otherwise.
  await using clustered = new RedisBackplane(new Cluster([]))
  void clustered
  // @ts-expect-error: an address is no client.
  await using wrong = new RedisBackplane('redis://127.0.0.1')
  void wrong
}
