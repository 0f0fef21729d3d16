import { NodeRedisConnection } from './node-redis-connection.ts'
import type { RedisClient } from './redis-client.ts'
import { IoRedisConnection } from './ioredis-connection.ts'

/** Is notified by a connection to Redis. */
export interface RedisConnectionListener {
  /** The connection is ready, was lost, or could not be made. */
  onState(error: Error | undefined): void
  onMessage(channel: string, message: Uint8Array): void
}

/** A common interface for the clients of both libraries. */
export interface RedisConnection {
  readonly isReady: boolean
  publish(channel: string, message: Buffer): Promise<unknown>
  subscribe(channels: string[]): Promise<unknown>
  unsubscribe(channels: string[]): Promise<unknown>
  isErrorReply(error: unknown): boolean
  /** Ends the connection. */
  close(): void
}

/**
 * Opens a connection with the settings of a client of the application. When it is lost, unanswered commands fail. They are not sent again, because
 * Redis may have executed them.
 */
export function openRedisConnection(client: RedisClient, listener: RedisConnectionListener): RedisConnection {
  return 'isReady' in client ? new NodeRedisConnection(client, listener) : new IoRedisConnection(client, listener)
}
