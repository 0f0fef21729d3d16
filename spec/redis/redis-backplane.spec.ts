import { afterEach, describe, expect, it } from '@jest/globals'
import { Redis } from 'ioredis'
import { createClient } from 'redis'
import type { WebSocketGroupsOptions } from 'express-use-websockets/groups'
import { RedisBackplane } from 'express-use-websockets/redis'
import type { RedisClient } from 'express-use-websockets/redis'
import { ForkedScript } from '../support/forked-script.ts'
import { closeGroupProcesses, envelope, GroupProcess } from '../support/group-process.ts'
import { hasRedis, killRedisServers, RedisServer } from '../support/redis-server.ts'
import { RECONNECT_OUTCOMES } from '../groups/reconnect-outcomes.ts'
import { runOutcomes } from '../support/run-outcomes.ts'
import { until } from '../support/until.ts'
import type { functions } from '../groups/scripts/one-of-four.ts'

const closers: (() => unknown)[] = []

afterEach(async () => {
  await closeGroupProcesses()
  for (const close of closers.splice(0).toReversed()) await close()
  await killRedisServers()
})

/** Clients as applications create them, but with a short reconnect delay. */
const libraries: readonly (readonly [name: string, connect: (port: number) => RedisClient])[] = [
  [
    'redis',
    (port) => {
      return createClient({ url: `redis://127.0.0.1:${port}`, socket: { reconnectStrategy: 10 } })
    },
  ],
  [
    'ioredis',
    (port) => {
      return new Redis({ port, host: '127.0.0.1', lazyConnect: true, retryStrategy: () => 10, maxRetriesPerRequest: null })
    },
  ],
]

function processOf(client: RedisClient, options?: WebSocketGroupsOptions): GroupProcess {
  return new GroupProcess((told) => new RedisBackplane(client, told), options)
}

if (hasRedis('The backplane for Redis')) {
  describe.each(libraries)('groups across processes with the library %s', (library, connect) => {
    it('deliver text and bytes to the members of a group in every process once, in order, and to no others', async () => {
      const { port } = await RedisServer.start()
      const [one, two] = [processOf(connect(port)), processOf(connect(port))]
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

    it('work locally while Redis is unavailable, report it, and are connected when it is available', async () => {
      const server = await RedisServer.choosePort()
      const [one, two] = [processOf(connect(server.port)), processOf(connect(server.port))]
      const [ada, other] = [one.add('lobby'), one.add('lobby')]
      const bob = two.add('lobby')
      await Promise.all([one.has('down'), two.has('down')])

      await expect(one.groups.send('lobby', 'who hears me')).rejects.toMatchObject({
        code: 'ERR_WEBSOCKET_BACKPLANE_UNAVAILABLE',
        message: 'Redis cannot be reached',
      })
      expect([await ada.texts(1), await other.texts(1)]).toEqual([['who hears me'], ['who hears me']])
      expect(one.errors.map(({ code }) => code)).toEqual(['ERR_WEBSOCKET_BACKPLANE_UNAVAILABLE'])

      await server.start()
      await Promise.all([one.has('up'), two.has('up')])
      expect([await two.groups.whenListening('lobby'), one.backplane.isUp]).toEqual([true, true])
      await one.groups.send('lobby', 'now')
      expect(await bob.texts(1)).toEqual(['now'])
      expect([one.events, two.errors]).toEqual([['down', 'up'], []])
    })

    it('continue after Redis was killed and restarted: sends in between reject, and nothing is delivered late', async () => {
      const server = await RedisServer.start()
      const [one, two] = [processOf(connect(server.port)), processOf(connect(server.port))]
      const [ada, bob] = [one.add('lobby'), two.add('lobby')]
      const [leaving] = [two.add('left meanwhile')]
      await Promise.all([one.has('up'), two.has('up')])
      await Promise.all(['lobby', 'left meanwhile'].map((name) => two.groups.whenListening(name)))

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
      // Groups without members are not subscribed again.
      expect(await channelsOf(server.port)).toEqual(['websockets:lobby', 'websockets:new meanwhile'])
    })

    it('lose no message silently if Redis is killed while messages are in flight', async () => {
      const server = await RedisServer.start()
      const [one, two] = [processOf(connect(server.port)), processOf(connect(server.port))]
      const bob = two.add('lobby')
      await Promise.all([one.has('up'), two.groups.whenListening('lobby')])

      const sent: Promise<void>[] = []
      const isSent = (async () => {
        while (one.events.length === 1) {
          sent.push(one.groups.send('lobby', String(sent.length)))
          await new Promise(setImmediate)
        }
      })()
      await bob.texts(1)
      await server.kill()
      await isSent
      const outcomes = await Promise.allSettled(sent)
      await two.has('down')

      // The received messages are the first of those sent. Every message that was not confirmed was reported.
      const confirmed = outcomes.filter(({ status }) => status === 'fulfilled').length
      expect(one.errors.length).toBe(sent.length - confirmed)
      const numbers = bob.peer.frames.map(({ payload }) => Number(String(payload)))
      expect(numbers).toEqual(Array.from({ length: numbers.length }, (_item, index) => index + 1))
    })

    it('unsubscribe when a group is empty, and subscribe again with its next member', async () => {
      const { port } = await RedisServer.start()
      const [one, two] = [processOf(connect(port)), processOf(connect(port))]
      for (let count = 0; count < 20; count++) {
        const bob = two.add('lobby')
        const isListening = two.groups.whenListening('lobby')
        if (count % 3 !== 0) await isListening
        two.groups.delete('lobby', bob.webSocket)
        expect(await isListening).toBe(count % 3 !== 0)
      }
      await two.has('up')
      await until(() => two.groups.size === 0)
      expect([await channelsOf(port), await two.groups.whenListening('lobby')]).toEqual([[], false])
      const bob = two.add('lobby')
      await Promise.all([one.has('up'), two.groups.whenListening('lobby')])
      await one.groups.send('lobby', 'here')
      expect(await bob.texts(1)).toEqual(['here'])
    })

    it.each([
      ['garbage', Buffer.from('{"not":"ours"}'), "A message of the backplane for 'lobby' was not sent by this package"],
      ['nothing', Buffer.alloc(0), "A message of the backplane for 'lobby' was not sent by this package"],
      [
        'another version',
        envelope(1, 'hello', 2),
        "A message of the backplane for 'lobby' has format version 2, but this process supports version 1",
      ],
      ['another kind', envelope(9, 'hello'), "A message of the backplane for 'lobby' has the unknown kind 9"],
      ['text that is not UTF-8', envelope(1, Buffer.of(0xff)), "A message of the backplane for 'lobby' is text that is not valid UTF-8"],
      [
        'presence with the wrong types',
        envelope(3, '["many",false,[]]'),
        "A message of the backplane for 'lobby' is not a valid announcement of presence",
      ],
      ['presence that is not JSON', envelope(3, '{'), "A message of the backplane for 'lobby' is not a valid announcement of presence"],
      [
        '10 MB',
        envelope(2, Buffer.alloc(10_000_000)),
        "A message of the backplane for 'lobby' has 10000000 bytes, more than maxMessageSize (1048576)",
      ],
    ])('ignore and report an invalid message: %s', async (_what, bytes, message) => {
      const { port } = await RedisServer.start()
      const one = processOf(connect(port), { presence: true })
      const ada = one.add('lobby')
      await one.has('up')
      const stranger = await connectStranger(port)

      await stranger.publish('websockets:lobby', bytes)
      await stranger.publish('websockets:lobby', envelope(1, 'hello'))

      expect(await ada.texts(1)).toEqual(['hello'])
      expect(one.errors.map((error) => [error.code, error.message])).toEqual([['ERR_WEBSOCKET_BACKPLANE_MESSAGE', message]])
    })

    it('survive a message of 100 MB, for which Redis itself disconnects a subscriber', async () => {
      const { port } = await RedisServer.start()
      const [one, two] = [processOf(connect(port)), processOf(connect(port))]
      const ada = one.add('lobby')
      await Promise.all([one.has('up'), two.has('up')])
      const stranger = await connectStranger(port)

      await stranger.publish('websockets:lobby', envelope(2, Buffer.alloc(100_000_000)))
      await one.has('up', 2)
      await two.groups.send('lobby', 'hello')

      expect(await ada.texts(1)).toEqual(['hello'])
      expect(one.events).toEqual(['up', 'down', 'up'])
    })

    it('reject a message that is too long, and send it to no member', async () => {
      const { port } = await RedisServer.start()
      const one = processOf(connect(port), { maxMessageSize: 10 })
      const ada = one.add('lobby')
      await one.has('up')

      await expect(one.groups.send('lobby', 'x'.repeat(11))).rejects.toMatchObject({ code: 'ERR_WEBSOCKET_MESSAGE_TOO_BIG' })
      await one.groups.send('lobby', 'x'.repeat(10))
      expect(await ada.texts(1)).toEqual(['x'.repeat(10)])
    })

    it('reject a message if too much is waiting to be published', async () => {
      const { port } = await RedisServer.start()
      const client = connect(port)
      const backplane = new RedisBackplane(client, { maxPendingBytes: 100 })
      closers.push(() => backplane.closeAsync())
      await until(() => backplane.isUp)

      const sent = await Promise.allSettled([60, 40, 1].map((length) => backplane.publish('lobby', Buffer.alloc(length))))

      expect(sent.map(({ status }) => status)).toEqual(['fulfilled', 'fulfilled', 'rejected'])
      expect(sent[2]).toMatchObject({ reason: { code: 'ERR_WEBSOCKET_BACKPLANE_UNAVAILABLE' } })
      await backplane.publish('lobby', Buffer.alloc(1000))
    })

    it('report the members of a group in all processes, and drop those of a process that has stopped reporting', async () => {
      const { port } = await RedisServer.start()
      const options = { presence: true, presenceInterval: 50 }
      const changes: string[] = []
      const one = processOf(connect(port), { ...options, onPresence: (name) => changes.push(name) })
      const two = processOf(connect(port), options)
      const three = processOf(connect(port), options)
      one.add('lobby', 'ada')
      one.add('lobby')
      const [bob] = [two.add('lobby', 'bob'), two.add('lobby', 'ada')]
      three.add('lobby', 'eve')
      const isSeen =
        (count: number, identities: string[], by = one) =>
        () => {
          const presence = by.groups.presenceOf('lobby')
          return presence.count === count && presence.identities.join() === identities.join()
        }

      await until(isSeen(5, ['ada', 'bob', 'eve']))
      await until(isSeen(5, ['ada', 'bob', 'eve'], two))
      two.groups.delete('lobby', bob.webSocket)
      await until(isSeen(4, ['ada', 'eve']))
      two.groups.dispose()
      await until(isSeen(3, ['ada', 'eve']))
      // As a process that has crashed.
      await three.backplane.closeAsync()
      await until(isSeen(2, ['ada']))
      expect([two.groups.presenceOf('lobby'), one.groups.presenceOf('garden')]).toEqual([
        { count: 0, identities: [] },
        { count: 0, identities: [] },
      ])
      expect(new Set(changes)).toEqual(new Set(['lobby']))
    })

    it('report that Redis does not permit subscribing', async () => {
      const { port } = await RedisServer.start()
      const one = processOf(connect(port))
      await one.has('up')
      await (await connectStranger(port)).sendCommand(['ACL', 'SETUSER', 'default', 'resetchannels'])

      one.add('lobby')

      expect(await one.groups.whenListening('lobby')).toBe(false)
      expect(one.errors.map(({ code, message }) => [code, message.slice(0, 32)])).toEqual([
        ['ERR_WEBSOCKET_BACKPLANE_UNAVAILABLE', 'The backplane has failed: NOPERM'],
      ])
    })

    it('close after earlier messages have been delivered', async () => {
      const { port } = await RedisServer.start()
      const [one, two] = [processOf(connect(port)), processOf(connect(port))]
      const bob = two.add('lobby')
      await Promise.all([one.has('up'), two.groups.whenListening('lobby')])

      const sent = one.groups.send('lobby', 'the last word')
      await one.backplane.closeAsync()

      await sent
      expect(await bob.texts(1)).toEqual(['the last word'])
    })

    it('come back when onUp and onDown throw, and their errors are uncaught exceptions', async () => {
      const { port } = await RedisServer.start()
      expect(await runOutcomes('spec/groups/scripts/throwing-state-listeners.ts', [library, String(port)])).toEqual(RECONNECT_OUTCOMES)
    })

    it('stop without errors when the backplane is disposed, which leaves the client to the application', async () => {
      const server = await RedisServer.start()
      const client = connect(server.port)
      const one = processOf(client)
      one.add('lobby')
      await one.groups.whenListening('lobby')

      const closed = one.backplane.closeAsync()
      expect(one.backplane.closeAsync()).toBe(closed)

      await closed
      await expect(one.groups.send('lobby', 'too late')).rejects.toMatchObject({ message: 'The backplane was closed' })
      expect(one.backplane.isUp).toBe(false)
      // Redis may see the new connection before the end of the old one.
      while ((await channelsOf(server.port)).length > 0) continue
      await until(() => true)
      expect(one.events).toEqual(['up'])
    })
  })

  describe('4 processes, 2,000 sockets and 10,000 messages', () => {
    it.each(libraries.map(([name]) => name))(
      'lose no message while Redis is available, and keep their order, with the library %s',
      async (library) => {
        const { port } = await RedisServer.start()
        const processes = Array.from({ length: 4 }, () => new ForkedScript<typeof functions>('spec/groups/scripts/one-of-four.ts'))
        closers.push(...processes.map((one) => () => one.kill()))

        await Promise.all(processes.map((one, index) => one.call('open', library, port, index)))
        await Promise.all(processes.map((one) => one.call('send')))
        const outcomes = await Promise.all(processes.map((one) => one.call('receive')))

        // A room has 40 sockets, and each process has sent 50 messages to it.
        expect(outcomes).toEqual(Array.from({ length: 4 }, () => ({ sockets: 500, received: 500 * 200, mistakes: [], errors: [] })))
      },
      120_000,
    )
  })

  describe('a client of redis that stops reconnecting', () => {
    it('is reported, and does not end the process', async () => {
      const { port } = await RedisServer.choosePort()
      const client = createClient({ url: `redis://127.0.0.1:${port}`, socket: { reconnectStrategy: false } })
      const one = processOf(client)
      one.add('lobby')
      await one.has('down')
      await expect(one.groups.send('lobby', 'text')).rejects.toMatchObject({ code: 'ERR_WEBSOCKET_BACKPLANE_UNAVAILABLE' })
    })
  })
}

/** A client of another library. */
async function connectStranger(port: number) {
  const client = createClient({ url: `redis://127.0.0.1:${port}` })
  client.on('error', () => undefined)
  await client.connect()
  closers.push(() => client.destroy())
  return client
}

async function channelsOf(port: number): Promise<string[]> {
  const client = await connectStranger(port)
  return (await client.pubSubChannels()).toSorted()
}
