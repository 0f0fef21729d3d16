import { NodeRedisConnection } from './node-redis-connection.ts'
import type { RedisClient } from './redis-client.ts'
import { IoRedisConnection } from './ioredis-connection.ts'

/** What happens on a connection to Redis. */
export interface RedisConnectionListener {
  /** It is ready, has been lost, or could not be made. */
  onState(error: Error | undefined): void
  onMessage(channel: string, message: Uint8Array): void
}

/** A client of either library, in one language. */
export interface RedisConnection {
  readonly isReady: boolean
  publish(channel: string, message: Buffer): Promise<unknown>
  subscribe(channels: string[]): Promise<unknown>
  unsubscribe(channels: string[]): Promise<unknown>
  isAnswer(error: unknown): boolean
  /** Ends it. */
  close(): void
}

/**
 * Opens a connection as a client of the application has it. When it is lost, what was not answered is given up, and not sent again on the next one: it
 * may have been done.
 */
export function openRedisConnection(client: RedisClient, listener: RedisConnectionListener): RedisConnection {
  return 'isReady' in client ? new NodeRedisConnection(client, listener) : new IoRedisConnection(client, listener)
}
