import { afterEach, describe, expect, it } from '@jest/globals'
import { createClient } from 'redis'
import type { Backplane } from 'express-use-websockets/groups'
import { RedisBackplane } from 'express-use-websockets/redis'
import { createChatApp } from '../../samples/chat/app.ts'
import { closeHttp1Servers, startHttp1Server } from '../support/http1-server.ts'
import { hasRedis, killRedisServers, RedisServer } from '../support/redis-server.ts'
import { until } from '../support/until.ts'
import { closeWebSocketClients, nextMessage, openWebSocket } from '../support/web-socket-client.ts'

const closers: (() => unknown)[] = []

afterEach(async () => {
  closeWebSocketClients()
  closeHttp1Servers()
  for (const close of closers.splice(0)) await close()
  await killRedisServers()
})

/** What ada receives while bob joins, speaks and leaves, in another process if there is a backplane. */
async function hearAcross(backplanes: readonly Backplane[]): Promise<string[]> {
  const [first, second] = backplanes
  const one = await startHttp1Server(createChatApp(first && (() => first)))
  const servers = [one, second === undefined ? one : await startHttp1Server(createChatApp(() => second))] as const
  const { client: ada } = await openWebSocket(servers[0], '/rooms/lobby?user=ada')
  const heard = [await nextMessage(ada)]
  const { client: eve } = await openWebSocket(servers[1], '/rooms/other?user=eve')
  eve.send('not for the lobby')
  const { client: bob } = await openWebSocket(servers[1], '/rooms/lobby?user=bob')
  heard.push(await nextMessage(ada))
  bob.send('hello')
  heard.push(await nextMessage(ada))
  bob.close()
  heard.push(await nextMessage(ada))
  return heard.map((message) => Object.values(JSON.parse(message) as Record<string, string>).join(' '))
}

const HEARD = ['ada joined', 'bob joined', 'bob hello', 'bob left']

describe('the chat sample', () => {
  it('sends messages to all members of the room, and to no others', async () => {
    expect(await hearAcross([])).toEqual(HEARD)
  })

  it('says why a message was refused', async () => {
    const { client } = await openWebSocket(await startHttp1Server(createChatApp()), '/rooms/lobby?user=ada')
    expect(JSON.parse(await nextMessage(client))).toEqual({ user: 'ada', text: 'joined' })
    client.send(' ')
    expect(JSON.parse(await nextMessage(client))).toEqual({ refused: 'the message is empty' })
  })

  if (hasRedis('The chat through Redis')) {
    it('tells all members when Redis is unavailable, and when it is back', async () => {
      const redis = await RedisServer.start()
      const server = await startHttp1Server(
        createChatApp((listener) => {
          const backplane = new RedisBackplane(createClient({ url: redis.url }), listener)
          closers.push(() => backplane.closeAsync())
          return backplane
        }),
      )
      const { client } = await openWebSocket(server, '/rooms/lobby?user=ada')
      // The status of Redis arrives somewhere in between, or was sent before.
      for (let heard = ''; !heard.includes('joined');) heard = await nextMessage(client)
      await redis.kill()
      expect(JSON.parse(await nextMessage(client))).toEqual({ engine: 'gone' })
      const { client: newcomer } = await openWebSocket(server, '/rooms/other?user=bob')
      expect(JSON.parse(await nextMessage(newcomer))).toEqual({ engine: 'gone' })
      await redis.start()
      expect(JSON.parse(await nextMessage(client))).toEqual({ engine: 'here' })
    })

    it('works across processes, with a real Redis', async () => {
      const { url } = await RedisServer.start()
      expect(await hearAcross([await connect(url), await connect(url)])).toEqual(HEARD)
    })
  }
})

async function connect(url: string): Promise<Backplane> {
  const client = createClient({ url })
  const backplane = new RedisBackplane(client)
  closers.push(async () => {
    // Until the rooms are empty, members announce that they leave.
    while ((await client.pubSubChannels()).length > 0) continue
    await backplane.closeAsync()
    client.destroy()
  })
  await client.connect()
  await until(() => backplane.isUp)
  return backplane
}
