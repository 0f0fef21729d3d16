/** Prints the states that a backplane reports when `onUp` and `onDown` throw, and the uncaught errors of the process. */
import { Redis } from 'ioredis'
import { Pool } from 'pg'
import { createClient } from 'redis'
import { PostgresBackplane } from '../../../lib/postgres.ts'
import { RedisBackplane } from '../../../lib/redis.ts'
import { closeTcpLinks, TcpLink } from '../../support/tcp-link.ts'

const [library, serverPort] = process.argv.slice(2)
const states: string[] = []

process.on('uncaughtException', ({ message }) => print(message))

void run()

async function run(): Promise<void> {
  const link = await TcpLink.open(Number(serverPort))
  const listeners = {
    onUp() {
      states.push('up')
      print('up')
      // After the error is reported.
      setImmediate(() => void (states.length < 3 ? link.reset() : end()))
      throw new Error('a fault in onUp')
    },
    onDown() {
      states.push('down')
      print('down')
      throw new Error('a fault in onDown')
    },
  }
  const { port } = link
  const pool = new Pool({ host: '127.0.0.1', port, user: 'postgres', database: 'postgres' })
  pool.on('error', () => undefined)
  const backplane =
    library === 'pg'
      ? new PostgresBackplane(pool, listeners)
      : new RedisBackplane(
          library === 'ioredis'
            ? new Redis({ port, host: '127.0.0.1', lazyConnect: true, retryStrategy: () => 10 })
            : createClient({ url: `redis://127.0.0.1:${port}`, socket: { reconnectStrategy: 10 } }),
          listeners,
        )

  async function end(): Promise<void> {
    await backplane.closeAsync()
    await pool.end()
    closeTcpLinks()
  }
}

function print(event: string): void {
  console.log(JSON.stringify(event))
}
