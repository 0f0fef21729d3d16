import type { Backplane, BackplaneSubscription } from '../groups/backplane.ts'
import { callApplication } from '../groups/call-application.ts'
import { PendingMessages, unavailable } from '../groups/pending-messages.ts'
import { argumentError } from '../options/argument-error.ts'
import { OptionReader } from '../options/option-reader.ts'
import { ChannelSubscriptions } from '../groups/channel-subscriptions.ts'
import { isRedisClient } from './redis-client.ts'
import type { RedisClient } from './redis-client.ts'
import { openRedisConnection } from './redis-connection.ts'
import type { RedisConnection } from './redis-connection.ts'

/** Options of a {@link RedisBackplane}. */
export interface RedisBackplaneOptions {
  /** The prefix of the channel names in Redis. Applications that share a Redis need different prefixes. Defaults to `'websockets:'`. */
  readonly prefix?: string | undefined
  /** How many bytes may be on their way to Redis before further messages are refused. Defaults to `16_777_216`. */
  readonly maxPendingBytes?: number | undefined
  /** Called when Redis can no longer be reached. Until `onUp`, messages reach only their own process. The error is that of the client, if any. */
  readonly onDown?: ((error: Error | undefined) => void) | undefined
  /** Called when Redis can be reached, for the first time or again, and all groups get the messages of other processes. */
  readonly onUp?: (() => void) | undefined
}

/**
 * A backplane over the publish and subscribe of Redis. It works with the client library of the application, `redis` or `ioredis`.
 *
 * It opens two connections with the settings of the given client, one to publish and one to subscribe. They reconnect by the rules of that client,
 * and all subscriptions are restored. While Redis cannot be reached, messages are refused and not kept. Messages that were on their way when the
 * connection was lost are not sent again.
 *
 * @example
 * ```ts
 * import { createClient } from 'redis'
 * import { WebSocketGroups } from 'express-use-websockets/groups'
 * import { RedisBackplane } from 'express-use-websockets/redis'
 *
 * const client = createClient({ url: 'redis://127.0.0.1:6379' })
 * const backplane = new RedisBackplane(client, {
 *   onDown: (error) => console.error('Redis is gone', error),
 *   onUp: () => console.log('Redis is here'),
 * })
 * const rooms = new WebSocketGroups({ backplane, onError: console.error })
 * ```
 */
export class RedisBackplane implements AsyncDisposable, Backplane {
  readonly #options: RedisBackplaneOptions
  readonly #prefix: string
  readonly #pending: PendingMessages
  readonly #publisher: RedisConnection
  readonly #subscriber: RedisConnection
  readonly #subscriptions: ChannelSubscriptions
  /** Whether all subscriptions of the subscriber are active. */
  #isSubscribed = false
  /** The last reported state. */
  #wasUp: boolean | undefined
  /** The result of `closeAsync()`, once it was called. */
  #closed: Promise<void> | undefined

  /**
   * @param client - a client of `redis` or `ioredis`, connected or not. It is duplicated and not used otherwise. For a cluster, pass a client of one
   * of its nodes.
   * @param options - the prefix of the channels, the limit, and callbacks for the state of Redis.
   * @throws `WebSocketException` with code `ERR_WEBSOCKET_INVALID_ARGUMENT`, `ERR_WEBSOCKET_INVALID_OPTION`.
   */
  constructor(client: RedisClient, options: RedisBackplaneOptions = {}) {
    const reader = new OptionReader({ name: 'RedisBackplane', code: 'ERR_WEBSOCKET_INVALID_OPTION' }, options, OPTION_NAMES)
    if (!isRedisClient(client))
      throw argumentError('RedisBackplane', 'client', 'must be a client of redis or ioredis, of one server', client)
    const prefix = reader.value('prefix') ?? 'websockets:'
    if (typeof prefix !== 'string') throw reader.error('prefix', 'must be a string')
    for (const name of ['onDown', 'onUp']) {
      const value = reader.value(name)
      if (value !== undefined && typeof value !== 'function') throw reader.error(name, 'must be a function')
    }
    // Own properties only, as the reader does.
    this.#options = { ...options }
    this.#prefix = prefix
    this.#pending = new PendingMessages('Redis', reader.limit('maxPendingBytes', 1, 'bytes', 16_777_216))
    this.#publisher = openRedisConnection(client, {
      onState: (error) => this.#onState(error),
      onMessage: () => undefined,
    })
    this.#subscriber = openRedisConnection(client, {
      onState: (error) => this.#onSubscriberState(error),
      onMessage: (channel, message) => this.#subscriptions.onMessage(channel, message),
    })
    this.#subscriptions = new ChannelSubscriptions(this.#subscriber)
  }

  /** Whether Redis can be reached. */
  get isUp(): boolean {
    return this.#closed === undefined && this.#publisher.isReady && this.#subscriber.isReady && this.#isSubscribed
  }

  /** See {@link Backplane.publish}. */
  async publish(channel: string, message: Uint8Array): Promise<void> {
    if (this.#closed !== undefined) throw unavailable('The backplane was closed')
    if (!this.#publisher.isReady) throw unavailable('Redis cannot be reached')
    const bytes = Buffer.from(message.buffer, message.byteOffset, message.length)
    await this.#pending.add(bytes.length, () => this.#publisher.publish(this.#prefix + channel, bytes))
  }

  /** See {@link Backplane.subscribe}. */
  subscribe(channel: string, listener: (message: Uint8Array) => void): BackplaneSubscription {
    return this.#subscriptions.add(this.#prefix + channel, listener)
  }

  /**
   * Refuses further messages, waits at most 5 seconds until pending messages have arrived, and ends the subscriptions and both connections. The
   * given client is not closed. Every call returns the same promise.
   */
  closeAsync(): Promise<void> {
    this.#closed ??= this.#close()
    return this.#closed
  }

  /** Calls `closeAsync()`, for `await using`. */
  async [Symbol.asyncDispose](): Promise<void> {
    await this.closeAsync()
  }

  async #close(): Promise<void> {
    await this.#pending.whenIdle()
    this.#publisher.close()
    this.#subscriber.close()
  }

  /** The subscriber has connected, was lost, or could not connect. */
  #onSubscriberState(error: Error | undefined): void {
    this.#isSubscribed = false
    if (this.#subscriber.isReady) void this.#subscribeAll()
    this.#onState(error)
  }

  async #subscribeAll(): Promise<void> {
    await this.#subscriptions.restore()
    this.#isSubscribed = this.#subscriber.isReady
    this.#onState(undefined)
  }

  #onState(error: Error | undefined): void {
    // The state is unknown until the first attempt has succeeded or failed.
    if (this.#closed !== undefined || this.isUp === this.#wasUp || (this.#wasUp === undefined && !this.isUp && error === undefined)) return
    this.#wasUp = this.isUp
    if (this.#wasUp) callApplication(this.#options.onUp, undefined)
    else callApplication(this.#options.onDown, error)
  }
}

const OPTION_NAMES: readonly (keyof RedisBackplaneOptions)[] = ['maxPendingBytes', 'onDown', 'onUp', 'prefix']
