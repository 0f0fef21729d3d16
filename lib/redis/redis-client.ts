/** The required part of a client of `redis` (node-redis 5 or 6), as `createClient()` returns it. */
export interface NodeRedisClient {
  /** Whether commands reach Redis now. */
  readonly isReady: boolean
  /** Connects. */
  connect(): Promise<unknown>
  /** Ends the connection. */
  destroy(): void
  /** Creates another client for the same Redis. */
  duplicate(overrides: { readonly disableOfflineQueue: boolean }): NodeRedisClient
  /** Listens to an event. */
  on(event: string, listener: (...values: unknown[]) => void): unknown
  /** Publishes bytes to a channel. */
  publish(channel: string, message: Buffer): Promise<unknown>
  /** Subscribes to channels. */
  subscribe(channels: string[], listener: (message: Buffer, channel: Buffer) => void, bufferMode: true): Promise<unknown>
  /** Unsubscribes from channels. */
  unsubscribe(channels: string[], listener: (message: Buffer, channel: Buffer) => void, bufferMode: true): Promise<unknown>
}

/** The required part of a client of `ioredis` 5 or 6, as `new Redis()` creates it. */
export interface IoRedisClient {
  /** `'ready'` if commands reach Redis now. */
  readonly status: string
  /** Connects. */
  connect(): Promise<unknown>
  /** Ends the connection without a reconnect. */
  disconnect(): void
  /** Creates another client for the same Redis. */
  duplicate(overrides: IoRedisOverrides): IoRedisClient
  /** Listens to an event. */
  on(event: string, listener: (...values: unknown[]) => void): unknown
  /** Publishes bytes to a channel. */
  publish(channel: string, message: Buffer): Promise<unknown>
  /** Subscribes to channels. */
  subscribe(...channels: string[]): Promise<unknown>
  /** Unsubscribes from channels. */
  unsubscribe(...channels: string[]): Promise<unknown>
}

/** The options that a duplicate of an `ioredis` client overrides. */
export interface IoRedisOverrides {
  /** Whether unanswered commands are sent again on the next connection. */
  readonly autoResendUnfulfilledCommands: boolean
  /** Whether commands without a connection wait for one. */
  readonly enableOfflineQueue: boolean
  /** The number of reconnects after which unanswered commands fail. */
  readonly maxRetriesPerRequest: number
}

/** A client of either library. */
export type RedisClient = NodeRedisClient | IoRedisClient

/** Whether a value looks like such a client. */
export function isRedisClient(value: unknown): value is RedisClient {
  if (typeof value !== 'object' || value === null) return false
  // Cluster clients are created and duplicated in another way.
  if ('isCluster' in value && value.isCluster === true) return false
  const isOne = 'isReady' in value || ('status' in value && typeof value.status === 'string')
  return isOne && METHODS.every((name) => name in value && typeof Reflect.get(value, name) === 'function')
}

const METHODS = ['duplicate', 'on', 'publish', 'subscribe', 'unsubscribe']
