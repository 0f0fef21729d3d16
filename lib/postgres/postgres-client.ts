/** The required part of a `Pool` of `pg`. */
export interface PostgresPool {
  /** Takes a connection of the pool. */
  connect(): Promise<PostgresClient>
}

/** The required part of a connection of a `pg` pool. */
export interface PostgresClient {
  /** Listens to an event. */
  on(event: 'notification', listener: (notification: PostgresNotification) => void): unknown
  /** Listens to an event. */
  on(event: 'error', listener: (error: Error) => void): unknown
  /** Listens to an event. */
  on(event: 'end', listener: () => void): unknown
  /** Runs a statement. */
  query(text: string, values?: unknown[]): Promise<unknown>
  /** Returns the connection to the pool, or ends it. */
  release(shouldDestroy?: boolean): void
}

/** A received notification. */
export interface PostgresNotification {
  /** The name of the channel. */
  readonly channel: string
  /** The text that was sent. */
  readonly payload?: string | undefined
}

/** Whether a value looks like a pool. A single `pg` client does not, because it cannot reconnect. */
export function isPostgresPool(value: unknown): value is PostgresPool {
  if (typeof value !== 'object' || value === null) return false
  return 'connect' in value && typeof value.connect === 'function' && 'totalCount' in value
}
