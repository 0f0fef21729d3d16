/** A listener throws at the second of three waiting messages. Prints the messages that it received and the errors that reached the process. */
import { setImmediate } from 'node:timers/promises'
import express from 'express'
import { useWebSockets } from 'express-use-websockets'
import { acceptWsWebSocketAsync } from 'express-use-websockets/ws'
import type { WebSocket } from 'ws'
import { rawFrame } from '../../support/raw-frames.ts'
import { until } from '../../support/until.ts'
import { openRawPeer } from '../raw-peers.ts'

const events: string[] = []
process.on('uncaughtException', ({ message }) => events.push(message))

async function run(): Promise<void> {
  let ws: WebSocket | undefined
  const app = express()
  app.use(useWebSockets())
  app.all('/ws', async (request) => void (ws = await acceptWsWebSocketAsync(request)))
  const peer = await openRawPeer('http', app)
  await peer.send(...['one', 'two', 'three'].map((text) => rawFrame(1, text)))
  for (let turn = 0; turn < 100; turn++) await setImmediate()
  ws?.on('message', (data: Buffer) => {
    events.push(data.toString())
    if (events.length === 2) throw new Error('thrown')
  })
  await until(() => events.length === 4)
  process.stdout.write(events.join(' '))
  process.exit()
}

void run()
