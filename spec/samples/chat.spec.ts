import { spawn } from 'node:child_process'
import type { ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { existsSync } from 'node:fs'
import { createServer } from 'node:net'
import type { AddressInfo } from 'node:net'
import { afterEach, describe, expect, it } from '@jest/globals'
import { createChatApp } from '../../samples/chat/app.ts'
import { createLocalBus, createRedisBus } from '../../samples/chat/message-bus.ts'
import type { MessageBus } from '../../samples/chat/message-bus.ts'
import { closeHttp1Servers, startHttp1Server } from '../support/http1-server.ts'
import { closeWebSocketClients, nextMessage, openWebSocket } from '../support/web-socket-client.ts'

const REDIS = '/usr/bin/redis-server'
const buses: MessageBus[] = []
const processes: ChildProcess[] = []

afterEach(async () => {
  closeWebSocketClients()
  closeHttp1Servers()
  for (const bus of buses.splice(0)) await bus.close()
  for (const child of processes.splice(0)) child.kill()
})

async function startRedis(): Promise<string> {
  const free = createServer().listen(0, '127.0.0.1')
  await once(free, 'listening')
  const { port } = free.address() as AddressInfo
  free.close()
  await once(free, 'close')
  const child = spawn(REDIS, ['--port', String(port), '--bind', '127.0.0.1', '--save', '', '--appendonly', 'no'], {
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  processes.push(child)
  for await (const line of child.stdout) if (String(line).includes('Ready to accept connections')) break
  return `redis://127.0.0.1:${port}`
}

/** What ada heard in one app, while bob came, spoke and went in another that shares the bus, as another process does. */
async function hearAcross(one: MessageBus, two: MessageBus): Promise<string[]> {
  buses.push(one, two)
  const servers = [await startHttp1Server(createChatApp(one)), await startHttp1Server(createChatApp(two))] as const
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
  it('carries what is said to all in the room, and to nobody else', async () => {
    const bus = createLocalBus()
    expect(await hearAcross(bus, bus)).toEqual(HEARD)
  })

  if (existsSync(REDIS)) {
    it('does so across processes, through a real Redis', async () => {
      const url = await startRedis()
      expect(await hearAcross(await createRedisBus(url), await createRedisBus(url))).toEqual(HEARD)
    })
  } else {
    console.warn(`The chat through Redis is not tried: there is no ${REDIS} here. .ci/run installs it.`)
  }
})
