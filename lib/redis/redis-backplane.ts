import { WebSocketException } from '../errors/web-socket-exception.ts'
import type { Backplane, BackplaneSubscription } from '../groups/backplane.ts'
import { argumentError } from '../options/argument-error.ts'
import { OptionReader } from '../options/option-reader.ts'
import { ChannelSubscriptions } from './channel-subscriptions.ts'
import { isRedisClient } from './redis-client.ts'
import type { RedisClient } from './redis-client.ts'
import { toRedisConnection } from './redis-connection.ts'
import type { RedisConnection } from './redis-connection.ts'

/** How a {@link RedisBackplane} works. */
export interface RedisBackplaneOptions {
  /** What the names of its channels in Redis begin with. Applications that share a Redis need different ones. Defaults to `'websockets:'`. */
  readonly prefix?: string | undefined
  /** How many bytes may be on their way to Redis, before more is refused. Defaults to `16_777_216`. */
  readonly maxPendingBytes?: number | undefined
  /** Redis cannot be reached, from now on: what is said meanwhile stays in its process. The error is that of the client, if it has told one. */
  readonly onDown?: ((error: Error | undefined) => void) | undefined
  /** Redis can be reached, for the first time or again, and all groups hear from it what the other processes say. */
  readonly onUp?: (() => void) | undefined
}

/**
 * Redis, by its publish and subscribe, as the backplane of groups: `redis` or `ioredis`, whichever the application has.
 *
 * It publishes by the client that it is given, and subscribes by a duplicate of it, which it opens and closes itself. The client connects again by its
 * own rules; what is subscribed to is subscribed to again. While Redis is gone, what is published is refused, and not kept.
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
 * void client.connect()
 * const rooms = new WebSocketGroups({ backplane, onError: console.error })
 * ```
 */
export class RedisBackplane implements AsyncDisposable, Backplane {
  readonly #options: RedisBackplaneOptions
  readonly #prefix: string
  readonly #maxPendingBytes: number
  readonly #publisher: RedisConnection
  readonly #subscriber: RedisConnection
  readonly #subscriptions: ChannelSubscriptions
  #pendingBytes = 0
  /** Whether the subscriber hears of all that is subscribed to. */
  #isSubscribed = false
  /** What was told last. */
  #wasUp: boolean | undefined
  #isClosed = false

  /**
   * @param client - of `redis` or `ioredis`; that it is connected is the application's concern, now or later. Its `'error'` event has a listener from now on.
   * @param options - the names of channels, and who is told when Redis comes and goes.
   * @throws `WebSocketException` with code `ERR_WEBSOCKET_INVALID_ARGUMENT`, `ERR_WEBSOCKET_INVALID_OPTION`.
   */
  constructor(client: RedisClient, options: RedisBackplaneOptions = {}) {
    const reader = new OptionReader({ name: 'RedisBackplane', code: 'ERR_WEBSOCKET_INVALID_OPTION' }, options, OPTION_NAMES)
    if (!isRedisClient(client)) throw argumentError('RedisBackplane', 'client', 'must be a client of redis or ioredis', client)
    const prefix = reader.value('prefix') ?? 'websockets:'
    if (typeof prefix !== 'string') throw reader.error('prefix', 'must be a string')
    for (const name of ['onDown', 'onUp']) {
      const value = reader.value(name)
      if (value !== undefined && typeof value !== 'function') throw reader.error(name, 'must be a function')
    }
    this.#options = options
    this.#prefix = prefix
    this.#maxPendingBytes = reader.limit('maxPendingBytes', 1, 'bytes', 16_777_216)
    this.#publisher = toRedisConnection(client, {
      onState: (error) => this.#onState(error),
      onMessage: () => undefined,
    })
    this.#subscriber = this.#publisher.duplicate({
      onState: (error) => this.#onSubscriberState(error),
      onMessage: (channel, message) => this.#subscriptions.onMessage(channel, message),
    })
    this.#subscriptions = new ChannelSubscriptions(this.#subscriber)
  }

  /** Whether Redis can be reached. */
  get isUp(): boolean {
    return !this.#isClosed && this.#publisher.isReady && this.#subscriber.isReady && this.#isSubscribed
  }

  /** See {@link Backplane.publish}. */
  async publish(channel: string, message: Uint8Array): Promise<void> {
    if (this.#isClosed) throw unavailable('The backplane was closed')
    // The clients would keep it until Redis is back.
    if (!this.#publisher.isReady) throw unavailable('Redis cannot be reached')
    const { length } = message
    if (this.#pendingBytes > 0 && this.#pendingBytes + length > this.#maxPendingBytes) {
      throw unavailable(`Redis takes messages too slowly: more than maxPendingBytes (${this.#maxPendingBytes}) are on their way`)
    }
    this.#pendingBytes += length
    try {
      await this.#publisher.publish(this.#prefix + channel, Buffer.from(message.buffer, message.byteOffset, length))
    } catch (error) {
      throw unavailable(`Redis has not taken the message: ${error instanceof Error ? error.message : String(error)}`, error)
    } finally {
      this.#pendingBytes -= length
    }
  }

  /** See {@link Backplane.subscribe}. */
  subscribe(channel: string, listener: (message: Uint8Array) => void): BackplaneSubscription {
    return this.#subscriptions.add(this.#prefix + channel, listener)
  }

  /** Ends the subscriptions, and the connection that they had. The client that was given stays open. */
  close(): void {
    if (this.#isClosed) return
    this.#isClosed = true
    this.#publisher.release()
    this.#subscriber.close()
  }

  /** `close()`, for `await using`. */
  async [Symbol.asyncDispose](): Promise<void> {
    this.close()
  }

  /** The subscriber has come, has gone, or could not come. */
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
    // Before the first attempt has failed, nothing is known.
    if (this.#isClosed || this.isUp === this.#wasUp || (this.#wasUp === undefined && !this.isUp && error === undefined)) return
    this.#wasUp = this.isUp
    if (this.#wasUp) this.#options.onUp?.()
    else this.#options.onDown?.(error)
  }
}

const OPTION_NAMES: readonly (keyof RedisBackplaneOptions)[] = ['maxPendingBytes', 'onDown', 'onUp', 'prefix']

function unavailable(message: string, cause?: unknown): WebSocketException {
  return new WebSocketException('ERR_WEBSOCKET_BACKPLANE_UNAVAILABLE', message, cause === undefined ? {} : { cause })
}
