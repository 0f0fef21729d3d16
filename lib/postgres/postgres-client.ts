/** What is needed of a `Pool` of `pg`. */
export interface PostgresPool {
  /** A connection of the pool. */
  connect(): Promise<PostgresClient>
}

/** What is needed of a connection of a pool of `pg`. */
export interface PostgresClient {
  /** Listens to an event. */
  on(event: 'notification', listener: (notification: PostgresNotification) => void): unknown
  /** Listens to an event. */
  on(event: 'error', listener: (error: Error) => void): unknown
  /** Listens to an event. */
  on(event: 'end', listener: () => void): unknown
  /** Runs a statement. */
  query(text: string, values?: unknown[]): Promise<unknown>
  /** Gives the connection back, or ends it. */
  release(isToBeEnded?: boolean): void
}

/** What `NOTIFY` has sent. */
export interface PostgresNotification {
  /** The name of the channel. */
  readonly channel: string
  /** The text that was sent. */
  readonly payload?: string | undefined
}

/** Whether a value looks like a pool. A client of `pg` alone does not: it cannot connect again. */
export function isPostgresPool(value: unknown): value is PostgresPool {
  if (typeof value !== 'object' || value === null) return false
  return 'connect' in value && typeof value.connect === 'function' && 'totalCount' in value
}
