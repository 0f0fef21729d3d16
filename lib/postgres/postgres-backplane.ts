import { createHash } from 'node:crypto'
import type { Backplane, BackplaneSubscription } from '../groups/backplane.ts'
import { callApplication } from '../groups/call-application.ts'
import { ChannelSubscriptions } from '../groups/channel-subscriptions.ts'
import { PendingMessages, unavailable } from '../groups/pending-messages.ts'
import { argumentError } from '../options/argument-error.ts'
import { OptionReader } from '../options/option-reader.ts'
import { MessageJoiner } from './notification-parts.ts'
import { NotifyQueue } from './notify-queue.ts'
import { isPostgresPool } from './postgres-client.ts'
import type { PostgresClient, PostgresNotification, PostgresPool } from './postgres-client.ts'
import { PostgresSession } from './postgres-session.ts'

/** Options of a {@link PostgresBackplane}. */
export interface PostgresBackplaneOptions {
  /** The prefix of the channels: at most 24 letters, digits and `_`. Applications on one database need different ones. Defaults to `'websockets_'`. */
  readonly prefix?: string | undefined
  /** How many bytes may be on their way to PostgreSQL before further messages are refused. Defaults to `16_777_216`. */
  readonly maxPendingBytes?: number | undefined
  /** Called when PostgreSQL can no longer be reached. Until `onUp`, messages reach only their own process. The error is that of `pg`, if any. */
  readonly onDown?: ((error: Error | undefined) => void) | undefined
  /** Called when PostgreSQL can be reached, for the first time or again, and all groups get the messages of other processes. */
  readonly onUp?: (() => void) | undefined
}

/**
 * A backplane over `LISTEN` and `NOTIFY` of PostgreSQL, for an application that uses PostgreSQL but not Redis. It needs no table. It uses one
 * connection of a `pg` pool to send and to listen. When that connection is lost, it takes another one within 100 ms. If that
 * fails, the delay doubles with each attempt, up to 5 seconds. While PostgreSQL cannot be reached, messages are refused and not kept.
 *
 * @example
 * ```ts
 * import { Pool } from 'pg'
 * import { WebSocketGroups } from 'express-use-websockets/groups'
 * import { PostgresBackplane } from 'express-use-websockets/postgres'
 *
 * const pool = new Pool({ host: '127.0.0.1', database: 'chat' })
 * pool.on('error', console.error)
 * const backplane = new PostgresBackplane(pool, {
 *   onDown: (error) => console.error('PostgreSQL is gone', error),
 *   onUp: () => console.log('PostgreSQL is here'),
 * })
 * const rooms = new WebSocketGroups({ backplane, onError: console.error })
 * ```
 */
export class PostgresBackplane implements AsyncDisposable, Backplane {
  readonly #options: PostgresBackplaneOptions
  readonly #prefix: string
  readonly #pending: PendingMessages
  readonly #session: PostgresSession
  readonly #subscriptions: ChannelSubscriptions
  #queue: NotifyQueue | undefined
  #joiner = new MessageJoiner()
  /** The last reported state. */
  #isUp: boolean | undefined
  /** The result of `closeAsync()`, once it was called. */
  #closed: Promise<void> | undefined

  /**
   * @param pool - a pool of `pg` with at least one connection more than the application needs. It does not work through a pooler that reassigns
   * connections after each transaction, as PgBouncer may do.
   * @param options - the prefix of the channels, the limit, and callbacks for the state of PostgreSQL.
   * @throws `WebSocketException` with code `ERR_WEBSOCKET_INVALID_ARGUMENT`, `ERR_WEBSOCKET_INVALID_OPTION`.
   */
  constructor(pool: PostgresPool, options: PostgresBackplaneOptions = {}) {
    const reader = new OptionReader({ name: 'PostgresBackplane', code: 'ERR_WEBSOCKET_INVALID_OPTION' }, options, OPTION_NAMES)
    if (!isPostgresPool(pool)) throw argumentError('PostgresBackplane', 'pool', 'must be a Pool of pg', pool)
    const prefix = reader.value('prefix') ?? 'websockets_'
    if (typeof prefix !== 'string' || !/^\w{0,24}$/.test(prefix)) throw reader.error('prefix', 'must be at most 24 letters, digits and _')
    for (const name of ['onDown', 'onUp']) {
      const value = reader.value(name)
      if (value !== undefined && typeof value !== 'function') throw reader.error(name, 'must be a function')
    }
    // Own properties only, as the reader does.
    this.#options = { ...options }
    this.#prefix = prefix
    this.#pending = new PendingMessages('PostgreSQL', reader.limit('maxPendingBytes', 1, 'bytes', 16_777_216))
    this.#session = new PostgresSession(pool, {
      onConnected: (client) => void this.#onConnected(client),
      onLost: (error) => this.#onLost(error),
      onNotification: (notification) => this.#onNotification(notification),
    })
    this.#subscriptions = new ChannelSubscriptions(this.#session)
    void this.#session.connect()
  }

  /** Whether PostgreSQL can be reached. */
  get isUp(): boolean {
    return this.#isUp === true && this.#closed === undefined
  }

  /** See {@link Backplane.publish}. */
  async publish(channel: string, message: Uint8Array): Promise<void> {
    const queue = this.#queue
    if (this.#closed !== undefined) throw unavailable('The backplane was closed')
    if (queue === undefined) throw unavailable('PostgreSQL cannot be reached')
    await this.#pending.add(message.length, () => queue.send(this.#nameOf(channel), message))
  }

  /** See {@link Backplane.subscribe}. */
  subscribe(channel: string, listener: (message: Uint8Array) => void): BackplaneSubscription {
    return this.#subscriptions.add(this.#nameOf(channel), listener)
  }

  /**
   * Refuses further messages, waits at most 5 seconds until pending messages have arrived, and ends the subscriptions and their connection. The
   * pool stays open. Every call returns the same promise.
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
    this.#session.close()
    this.#queue?.clear(new Error('The backplane was closed'))
  }

  /** Channel names have at most 63 bytes, but group names can be any text. */
  #nameOf(channel: string): string {
    return this.#prefix + createHash('sha256').update(channel).digest('hex').slice(0, 32)
  }

  async #onConnected(client: PostgresClient): Promise<void> {
    this.#queue = new NotifyQueue(client)
    await this.#subscriptions.restore()
    if (this.#closed !== undefined || !this.#session.isReady || this.#isUp === true) return
    this.#isUp = true
    callApplication(this.#options.onUp, undefined)
  }

  #onLost(error: Error | undefined): void {
    this.#joiner = new MessageJoiner()
    this.#queue?.clear(error ?? new Error('The connection has ended'))
    this.#queue = undefined
    if (this.#closed !== undefined || this.#isUp === false) return
    this.#isUp = false
    callApplication(this.#options.onDown, error)
  }

  #onNotification(notification: PostgresNotification): void {
    const message = this.#joiner.join(notification)
    if (message !== undefined) this.#subscriptions.onMessage(notification.channel, message)
  }
}

const OPTION_NAMES: readonly (keyof PostgresBackplaneOptions)[] = ['maxPendingBytes', 'onDown', 'onUp', 'prefix']
