import { afterEach, describe, expect, it } from '@jest/globals'
import { spawn } from 'node:child_process'
import type { ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import type { WebSocket } from 'ws'
import { closeOf, closeWebSocketClients, nextMessage, openWebSocket } from '../support/web-socket-client.ts'

const started: ChildProcess[] = []

afterEach(() => {
  closeWebSocketClients()
  for (const child of started.splice(0)) child.kill('SIGTERM')
})

async function startCluster(): Promise<number> {
  const child = spawn(process.execPath, ['-r', 'esbuild-register', join(__dirname, 'cluster-server.ts')], {
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  started.push(child)
  const [line] = (await once(child.stdout, 'data')) as [Buffer]
  return Number(line.toString())
}

describe('in a cluster', () => {
  it('serves each WebSocket in one worker, and a worker that stops closes its own with 1001', async () => {
    const port = await startCluster()
    const clients = new Map<WebSocket, number>()
    for (let count = 0; count < 6; count++) {
      const { client } = await openWebSocket({ port, isSecure: false })
      clients.set(client, Number(await nextMessage(client)))
    }
    const pids = new Set(clients.values())
    expect(pids.size).toBe(2)
    const [stopping = 0] = pids
    const sentAway = [...clients].filter(([, pid]) => pid === stopping).map(([client]) => closeOf(client))
    process.kill(stopping, 'SIGTERM')
    expect(await Promise.all(sentAway)).toEqual(sentAway.map(() => [1001, '']))
    for (const [client, pid] of clients) {
      if (pid === stopping) continue
      client.send('still here')
      expect(await nextMessage(client)).toBe('still here')
    }
  })
})
