import type { ChannelConnection } from '../groups/channel-subscriptions.ts'
import { startTimer } from '../options/start-timer.ts'
import type { PostgresClient, PostgresNotification, PostgresPool } from './postgres-client.ts'

/** Is notified by a connection to PostgreSQL. */
export interface PostgresSessionListener {
  /** The connection is ready. */
  onConnected(client: PostgresClient): void
  /** The connection was lost or could not be made. */
  onLost(error: Error | undefined): void
  onNotification(notification: PostgresNotification): void
}

/** One connection of a pool. It is replaced when it is lost. */
export class PostgresSession implements ChannelConnection {
  readonly #pool: PostgresPool
  readonly #listener: PostgresSessionListener
  #client: PostgresClient | undefined
  #delay = FIRST_DELAY
  #timer: NodeJS.Timeout | undefined
  #isClosed = false

  constructor(pool: PostgresPool, listener: PostgresSessionListener) {
    this.#pool = pool
    this.#listener = listener
  }

  get isReady(): boolean {
    return this.#client !== undefined
  }

  async connect(): Promise<void> {
    try {
      const client = await this.#pool.connect()
      if (this.#isClosed) return client.release()
      this.#delay = FIRST_DELAY
      this.#client = client
      client.on('notification', (notification) => this.#client === client && this.#listener.onNotification(notification))
      client.on('error', (error) => this.#onLost(client, error))
      client.on('end', () => this.#onLost(client, undefined))
      this.#listener.onConnected(client)
    } catch (error) {
      if (this.#isClosed) return
      this.#listener.onLost(error instanceof Error ? error : new Error(String(error)))
      this.#connectLater()
    }
  }

  subscribe(channels: string[]): Promise<unknown> {
    return this.#run('LISTEN', channels)
  }

  unsubscribe(channels: string[]): Promise<unknown> {
    return this.#run('UNLISTEN', channels)
  }

  isErrorReply(error: unknown): boolean {
    if (!(error instanceof Error && 'severity' in error)) return false
    // PostgreSQL also sends an error before it ends a connection: https://www.postgresql.org/docs/current/errcodes-appendix.html
    return !('code' in error && String(error.code).startsWith(OPERATOR_INTERVENTION))
  }

  close(): void {
    this.#isClosed = true
    clearTimeout(this.#timer)
    // The connection listens to channels, so no other code may use it.
    this.#client?.release(true)
    this.#client = undefined
  }

  async #run(command: 'LISTEN' | 'UNLISTEN', channels: readonly string[]): Promise<unknown> {
    if (this.#client === undefined) throw new Error('The connection has ended')
    // Channel names contain no quotes.
    return this.#client.query(channels.map((channel) => `${command} "${channel}"`).join(';'))
  }

  #onLost(client: PostgresClient, error: Error | undefined): void {
    if (this.#client !== client) return
    this.#client = undefined
    client.release(true)
    this.#listener.onLost(error)
    this.#connectLater()
  }

  /** The delay grows with each attempt, and is random so that not all processes reconnect at once. */
  #connectLater(): void {
    this.#timer = startTimer(this.#delay * (0.5 + Math.random() / 2), () => void this.connect(), undefined)
    this.#delay = Math.min(2 * this.#delay, MAX_DELAY)
  }
}

/** The first characters of codes such as admin_shutdown and crash_shutdown. */
const OPERATOR_INTERVENTION = '57P'
/** Milliseconds. */
const FIRST_DELAY = 100
const MAX_DELAY = 5000
