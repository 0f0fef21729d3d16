/** What is needed of a client of `redis` (node-redis 5 or 6), as `createClient()` makes it. */
export interface NodeRedisClient {
  /** Whether commands reach Redis now. */
  readonly isReady: boolean
  /** Connects. */
  connect(): Promise<unknown>
  /** Ends the connection. */
  destroy(): void
  /** Another client for the same Redis. */
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

/** What is needed of a client of `ioredis` 5 or 6, as `new Redis()` makes it. */
export interface IoRedisClient {
  /** `ready`, if commands reach Redis now. */
  readonly status: string
  /** Connects. */
  connect(): Promise<unknown>
  /** Ends the connection, and does not connect again. */
  disconnect(): void
  /** Another client for the same Redis. */
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

/** What a duplicate of a client of `ioredis` does otherwise. */
export interface IoRedisOverrides {
  /** Whether what was not answered is sent again on the next connection. */
  readonly autoResendUnfulfilledCommands: boolean
  /** Whether what is asked for without a connection waits for one. */
  readonly enableOfflineQueue: boolean
  /** After so many connections, what was not answered is given up. */
  readonly maxRetriesPerRequest: number
}

/** A client of either library. */
export type RedisClient = NodeRedisClient | IoRedisClient

/** Whether a value looks like such a client. */
export function isRedisClient(value: unknown): value is RedisClient {
  if (typeof value !== 'object' || value === null) return false
  // The clients of a cluster are made, and duplicated, otherwise.
  if ('isCluster' in value && value.isCluster === true) return false
  const isOne = 'isReady' in value || ('status' in value && typeof value.status === 'string')
  return isOne && METHODS.every((name) => name in value && typeof Reflect.get(value, name) === 'function')
}

const METHODS = ['duplicate', 'on', 'publish', 'subscribe', 'unsubscribe']
