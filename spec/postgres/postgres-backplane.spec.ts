import { afterEach, describe, expect, it } from '@jest/globals'
import { once } from 'node:events'
import { Pool } from 'pg'
import type { WebSocketGroupsOptions } from 'express-use-websockets/groups'
import { PostgresBackplane } from 'express-use-websockets/postgres'
import { ForkedScript } from '../support/forked-script.ts'
import { closeGroupProcesses, envelope, GroupProcess } from '../support/group-process.ts'
import { hasPostgres, killPostgresServers, PostgresServer } from '../support/postgres-server.ts'
import { RECONNECT_OUTCOMES } from '../groups/reconnect-outcomes.ts'
import { runOutcomes } from '../support/run-outcomes.ts'
import { until } from '../support/until.ts'
import type { functions } from '../groups/scripts/one-of-four.ts'

const closers: (() => unknown)[] = []

afterEach(async () => {
  await closeGroupProcesses()
  for (const close of closers.splice(0).toReversed()) await close()
  await killPostgresServers()
})

function connect(server: PostgresServer): Pool {
  const pool = new Pool(server.address)
  pool.on('error', () => undefined)
  closers.push(() => pool.end())
  return pool
}

function processOf(server: PostgresServer, options?: WebSocketGroupsOptions): GroupProcess {
  return new GroupProcess((told) => new PostgresBackplane(connect(server), told), options)
}

if (hasPostgres('The backplane for PostgreSQL')) {
  describe('groups across processes with PostgreSQL', () => {
    it('deliver text and bytes to the members of a group in every process once, in order, and to no others', async () => {
      const server = await PostgresServer.start()
      const [one, two] = [processOf(server), processOf(server)]
      const [ada, bob, eve] = [one.add('lobby'), two.add('lobby'), two.add('garden')]
      expect(
        await Promise.all([one.groups.whenListening('lobby'), two.groups.whenListening('lobby'), two.groups.whenListening('garden')]),
      ).toEqual([true, true, true])

      for (let count = 0; count < 100; count++) void one.groups.send('lobby', `one ${count}`, { except: ada.webSocket })
      await one.groups.send('lobby', 'the end')
      expect(await bob.texts(101)).toEqual([...Array.from({ length: 100 }, (_item, count) => `one ${count}`), 'the end'])

      await two.groups.send('lobby', Buffer.of(0, 255))
      await one.groups.send('garden', 'to a group without members here')
      expect(await bob.peer.nextFrame()).toMatchObject({ opcode: 2, payload: Buffer.of(0, 255) })
      expect(await ada.texts(1)).toEqual(['the end'])
      expect(await ada.peer.nextFrame()).toMatchObject({ opcode: 2, payload: Buffer.of(0, 255) })
      expect(await eve.texts(1)).toEqual(['to a group without members here'])
      expect([ada.peer.frames, bob.peer.frames, one.errors, two.errors]).toEqual([[], [], [], []])
    })

    it('deliver messages of every length, and repeated messages as often as they are sent', async () => {
      const server = await PostgresServer.start()
      const [one, two] = [processOf(server), processOf(server)]
      const bob = two.add('lobby')
      await Promise.all([one.has('up'), two.groups.whenListening('lobby')])
      const texts = [0, 1, 5907, 5908, 5909, 5910, 5911, 100_000, 1_048_576].map((length) => 'x'.repeat(length))

      await Promise.all(['same', 'same', ...texts].map((text) => one.groups.send('lobby', text)))

      const received = await bob.texts(2 + texts.length)
      expect(received.map(({ length }) => length)).toEqual([4, 4, ...texts.map(({ length }) => length)])
      expect(received.slice(2)).toEqual(texts)
    })

    it('work locally while PostgreSQL is unavailable, report it, and are connected when it is available', async () => {
      const server = await PostgresServer.create()
      const [one, two] = [processOf(server), processOf(server)]
      const ada = one.add('lobby')
      const bob = two.add('lobby')
      await Promise.all([one.has('down'), two.has('down')])

      await expect(one.groups.send('lobby', 'who hears me')).rejects.toMatchObject({
        code: 'ERR_WEBSOCKET_BACKPLANE_UNAVAILABLE',
        message: 'PostgreSQL cannot be reached',
      })
      expect([await ada.texts(1), one.errors.length]).toEqual([['who hears me'], 1])

      await server.start()
      await Promise.all([one.has('up'), two.has('up')])
      expect([await two.groups.whenListening('lobby'), one.backplane.isUp]).toEqual([true, true])
      await one.groups.send('lobby', 'now')
      expect(await bob.texts(1)).toEqual(['now'])
      expect([one.events, two.errors]).toEqual([['down', 'up'], []])
    })

    it('continue after PostgreSQL was killed and restarted: sends in between reject, and nothing is delivered late', async () => {
      const server = await PostgresServer.start()
      const [one, two] = [processOf(server), processOf(server)]
      const [ada, bob, leaving] = [one.add('lobby'), two.add('lobby'), two.add('left meanwhile')]
      await Promise.all([one.has('up'), two.has('up'), two.groups.whenListening('lobby')])

      await one.groups.send('lobby', 'before')
      // A send resolves when it is published, so wait for its delivery.
      expect(await bob.texts(1)).toEqual(['before'])
      await server.kill()
      await Promise.all([one.has('down'), two.has('down')])
      const lost = await Promise.allSettled(Array.from({ length: 100 }, (_item, count) => one.groups.send('lobby', `lost ${count}`)))
      expect(new Set(lost.map(({ status }) => status))).toEqual(new Set(['rejected']))
      expect(one.errors.length).toBe(100)
      two.groups.delete('left meanwhile', leaving.webSocket)
      const eve = two.add('new meanwhile')

      await server.start()
      await Promise.all([one.has('up', 2), two.has('up', 2)])
      await one.groups.send('lobby', 'after')
      await one.groups.send('new meanwhile', 'welcome')

      expect(await bob.texts(1)).toEqual(['after'])
      expect(await eve.texts(1)).toEqual(['welcome'])
      expect((await ada.texts(102)).at(-1)).toBe('after')
      expect([one.events, two.errors]).toEqual([['up', 'down', 'up'], []])
    })

    it('do not count as listening when the connection is lost while they are restored', async () => {
      const server = await PostgresServer.start()
      const pool = connect(server)
      const stranger = connect(server)
      const statements: string[] = []
      pool.on('connect', (client) => {
        const query = client.query.bind(client) as (text: string, values?: unknown[]) => Promise<unknown>
        Object.assign(client, {
          async query(text: string, values?: unknown[]) {
            statements.push(text.replace(/ .*/s, ''))
            if (text.startsWith('UNLISTEN') && statements.length === 1) {
              const ended = once(client, 'end')
              await Promise.all([endConnections(stranger), ended])
            }
            return query(text, values)
          },
        })
      })
      const one = new GroupProcess((told) => new PostgresBackplane(pool, told))
      const leaving = one.add('left meanwhile')
      await Promise.all([one.has('up'), one.groups.whenListening('left meanwhile')])
      await endConnections(stranger)
      await one.has('down')
      statements.length = 0
      one.groups.delete('left meanwhile', leaving.webSocket)
      one.add('new meanwhile')

      expect(await one.groups.whenListening('new meanwhile')).toBe(true)
      expect(statements).toEqual(['UNLISTEN', 'UNLISTEN', 'LISTEN'])
    })

    it('listen after a reconnect if an administrator ended the connection while it subscribed', async () => {
      const server = await PostgresServer.start()
      const pool = connect(server)
      const stranger = connect(server)
      let isFirst = true
      pool.on('connect', (client) => {
        const query = client.query.bind(client) as (text: string, values?: unknown[]) => Promise<unknown>
        Object.assign(client, {
          async query(text: string, values?: unknown[]) {
            if (!isFirst || !text.startsWith('LISTEN')) return query(text, values)
            isFirst = false
            const failed = query(`SELECT pg_sleep(60); ${text}`)
            while ((await stranger.query("SELECT 1 FROM pg_stat_activity WHERE wait_event = 'PgSleep'")).rowCount === 0);
            await endConnections(stranger)
            return failed
          },
        })
      })
      const one = new GroupProcess((told) => new PostgresBackplane(pool, told))
      one.add('lobby')

      expect(await one.groups.whenListening('lobby')).toBe(true)
      expect([isFirst, one.errors]).toEqual([false, []])
    })

    it('lose no message silently if PostgreSQL is killed while messages are in flight', async () => {
      const server = await PostgresServer.start()
      const [one, two] = [processOf(server), processOf(server)]
      const bob = two.add('lobby')
      await Promise.all([one.has('up'), two.groups.whenListening('lobby')])

      const sent = Promise.allSettled(Array.from({ length: 2000 }, (_item, count) => one.groups.send('lobby', String(count))))
      await bob.texts(1)
      await server.kill()
      const outcomes = await sent
      await two.has('down')

      // The received messages are the first of those sent. Every message that was not confirmed was reported.
      const confirmed = outcomes.filter(({ status }) => status === 'fulfilled').length
      expect(one.errors.length).toBe(2000 - confirmed)
      const numbers = bob.peer.frames.map(({ payload }) => Number(String(payload)))
      expect(numbers).toEqual(Array.from({ length: numbers.length }, (_item, index) => index + 1))
    })

    it.each([
      ['garbage', '{"not":"ours"}', "A message of the backplane for 'lobby' was not sent by this package"],
      ['nothing', '', "A message of the backplane for 'lobby' was not sent by this package"],
      [
        'another version',
        asPart(envelope(1, 'hello', 2)),
        "A message of the backplane for 'lobby' has format version 2, but this process supports version 1",
      ],
      ['more parts than allowed', 'AAAAAAAAAAAA:0:0:99999:AAAA', "A message of the backplane for 'lobby' was not sent by this package"],
      [
        'a part from the middle of a message',
        'AAAAAAAAAAAA:0:7:9:AAAA',
        "A message of the backplane for 'lobby' was not sent by this package",
      ],
    ])('ignore and report an invalid message: %s', async (_what, payload, message) => {
      const server = await PostgresServer.start()
      const one = processOf(server)
      const ada = one.add('lobby')
      await one.groups.whenListening('lobby')
      const stranger = connect(server)
      const { rows } = await stranger.query<{ channel: string }>(
        "SELECT 'websockets_' || substr(encode(sha256('lobby'), 'hex'), 1, 32) AS channel",
      )

      await stranger.query('SELECT pg_notify($1, $2)', [rows[0]?.channel, payload])
      await stranger.query('SELECT pg_notify($1, $2)', [rows[0]?.channel, asPart(envelope(1, 'hello'))])

      expect(await ada.texts(1)).toEqual(['hello'])
      expect(one.errors.map((error) => [error.code, error.message])).toEqual([['ERR_WEBSOCKET_BACKPLANE_MESSAGE', message]])
    })

    it('reject a message if too much is waiting to be published', async () => {
      const server = await PostgresServer.start()
      const backplane = new PostgresBackplane(connect(server), { maxPendingBytes: 100 })
      closers.push(() => backplane.closeAsync())
      await until(() => backplane.isUp)

      const sent = await Promise.allSettled([60, 40, 1].map((length) => backplane.publish('lobby', Buffer.alloc(length))))

      expect(sent.map(({ status }) => status)).toEqual(['fulfilled', 'fulfilled', 'rejected'])
      await backplane.publish('lobby', Buffer.alloc(1000))
    })

    it('report the members of a group in all processes', async () => {
      const server = await PostgresServer.start()
      const options = { presence: true, presenceInterval: 50 }
      const [one, two] = [processOf(server, options), processOf(server, options)]
      one.add('lobby', 'ada')
      two.add('lobby', 'bob')
      await until(() => one.groups.presenceOf('lobby').identities.join() === 'ada,bob')
      // As a process that has crashed.
      await two.backplane.closeAsync()
      await until(() => one.groups.presenceOf('lobby').count === 1)
      expect(one.groups.presenceOf('lobby')).toEqual({ count: 1, identities: ['ada'] })
    })

    it('come back when onUp and onDown throw, and their errors are uncaught exceptions', async () => {
      const { port } = await PostgresServer.start()
      expect(await runOutcomes('spec/groups/scripts/throwing-state-listeners.ts', ['pg', String(port)])).toEqual(RECONNECT_OUTCOMES)
    })

    it('stop without errors when the backplane is disposed, which leaves the pool to the application', async () => {
      const server = await PostgresServer.start()
      const pool = connect(server)
      const one = new GroupProcess((told) => new PostgresBackplane(pool, told))
      one.add('lobby')
      await one.groups.whenListening('lobby')

      const closed = one.backplane.closeAsync()
      expect(one.backplane.closeAsync()).toBe(closed)

      await closed
      await expect(one.groups.send('lobby', 'too late')).rejects.toMatchObject({ message: 'The backplane was closed' })
      expect((await pool.query('SELECT 1 AS one')).rows).toEqual([{ one: 1 }])
      expect(one.events).toEqual(['up'])
    })
  })

  describe('4 processes, 2,000 sockets and 10,000 messages with PostgreSQL', () => {
    it('lose no message while it is available, and keep their order', async () => {
      const server = await PostgresServer.start()
      const processes = Array.from({ length: 4 }, () => new ForkedScript<typeof functions>('spec/groups/scripts/one-of-four.ts'))
      closers.push(...processes.map((one) => () => one.kill()))

      await Promise.all(processes.map((one, index) => one.call('open', 'pg', server.port, index)))
      await Promise.all(processes.map((one) => one.call('send')))
      const outcomes = await Promise.all(processes.map((one) => one.call('receive')))

      expect(outcomes).toEqual(Array.from({ length: 4 }, () => ({ sockets: 500, received: 500 * 200, mistakes: [], errors: [] })))
    }, 120_000)
  })
}

/** Ends all connections but its own. */
async function endConnections(pool: Pool): Promise<void> {
  await pool.query(
    "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE backend_type = 'client backend' AND pid <> pg_backend_pid()",
  )
}

/** A whole message as the payload of a notification. */
function asPart(message: Buffer): string {
  return `AAAAAAAAAAAA:0:0:1:${message.toString('base64url')}`
}
