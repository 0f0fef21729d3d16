/** Checks the types of `express-use-websockets/postgres`. Only the compiler uses this file. */
import { Client, Pool } from 'pg'
import type { Backplane } from 'express-use-websockets/groups'
import { PostgresBackplane } from 'express-use-websockets/postgres'
import type { PostgresBackplaneOptions, PostgresClient, PostgresNotification, PostgresPool } from 'express-use-websockets/postgres'
import { expectType } from './expect-type.ts'
import type { Same } from './expect-type.ts'

export async function promises(): Promise<void> {
  const options: PostgresBackplaneOptions = {
    prefix: 'chat_',
    maxPendingBytes: Infinity,
    onDown: (error) => expectType<Same<typeof error, Error | undefined>>(),
    onUp: () => undefined,
  }
  const pool: PostgresPool = new Pool()
  const client: PostgresClient = await pool.connect()
  client.on('notification', (notification) => expectType<Same<typeof notification, PostgresNotification>>())
  await using backplane: Backplane & AsyncDisposable & { readonly isUp: boolean } = new PostgresBackplane(pool, options)
  void backplane
  // @ts-expect-error: a client cannot connect again.
  await using wrong = new PostgresBackplane(new Client())
  void wrong
}
