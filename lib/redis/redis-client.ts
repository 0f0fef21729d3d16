/** What is needed of a client of `redis` (node-redis 5 or 6), as `createClient()` makes it. */
export interface NodeRedisClient {
  /** Whether commands reach Redis now. */
  readonly isReady: boolean
  /** Connects. */
  connect(): Promise<unknown>
  /** Ends the connection. */
  destroy(): void
  /** Another client for the same Redis. */
  duplicate(): NodeRedisClient
  /** Takes a listener off. */
  off(event: string, listener: (...values: unknown[]) => void): unknown
  /** Listens to an event. */
  on(event: string, listener: (...values: unknown[]) => void): unknown
  /** Publishes bytes to a channel. */
  publish(channel: string, message: Buffer): Promise<unknown>
  /** Subscribes to channels. */
  subscribe(channels: string[], listener: (message: Buffer, channel: Buffer) => void, bufferMode: true): Promise<unknown>
  /** Unsubscribes from channels. */
  unsubscribe(channels: string[], listener: (message: Buffer, channel: Buffer) => void, bufferMode: true): Promise<unknown>
}

/** What is needed of a client of `ioredis` 5 or 6, as `new Redis()` makes it. */
export interface IoRedisClient {
  /** `ready`, if commands reach Redis now. */
  readonly status: string
  /** Connects. */
  connect(): Promise<unknown>
  /** Ends the connection, and does not connect again. */
  disconnect(): void
  /** Another client for the same Redis. */
  duplicate(): IoRedisClient
  /** Takes a listener off. */
  off(event: string, listener: (...values: unknown[]) => void): unknown
  /** Listens to an event. */
  on(event: string, listener: (...values: unknown[]) => void): unknown
  /** Publishes bytes to a channel. */
  publish(channel: string, message: Buffer): Promise<unknown>
  /** Subscribes to channels. */
  subscribe(...channels: string[]): Promise<unknown>
  /** Unsubscribes from channels. */
  unsubscribe(...channels: string[]): Promise<unknown>
}

/** A client of either library. */
export type RedisClient = NodeRedisClient | IoRedisClient

/** Whether a value looks like such a client. */
export function isRedisClient(value: unknown): value is RedisClient {
  if (typeof value !== 'object' || value === null) return false
  const isOne = 'isReady' in value || ('status' in value && typeof value.status === 'string')
  return isOne && METHODS.every((name) => name in value && typeof Reflect.get(value, name) === 'function')
}

const METHODS = ['duplicate', 'off', 'on', 'publish', 'subscribe', 'unsubscribe']
