/**
 * Sends frames to a peer that does not read until the socket is aborted, then the same number to another one. For each kind of frame, prints a line
 * of JSON: the number of frames and the bytes that this process keeps of them. Needs `--expose-gc`. Arguments: the transport and `maxBufferedAmount`.
 */
import { setImmediate } from 'node:timers/promises'
import express from 'express'
import { useWebSockets } from 'express-use-websockets'
import { acceptWsWebSocketAsync } from 'express-use-websockets/ws'
import type { WebSocket } from 'ws'
import { until } from '../../support/until.ts'
import { openRawPeer } from '../raw-peers.ts'
import type { transports } from '../raw-peers.ts'

const [, , transport = 'http', limit = '4000000'] = process.argv

const kinds: Record<string, (ws: WebSocket) => void> = {
  'empty texts': (ws) => ws.send(''),
  'empty texts, with a callback': (ws) => ws.send('', () => undefined),
  'texts of 20 bytes': (ws) => ws.send('x'.repeat(20)),
  'binaries of 20 bytes': (ws) => ws.send(Buffer.alloc(20)),
  'binaries of 10,000 bytes': (ws) => ws.send(Buffer.alloc(10_000)),
  pings: (ws) => ws.ping(),
  pongs: (ws) => ws.pong(Buffer.alloc(20)),
}

async function run(): Promise<void> {
  for (const [kind, send] of Object.entries(kinds)) {
    const bounded = await openFull(Number(limit))
    let frames = 0
    for (; bounded.readyState === bounded.OPEN && frames < 1_000_000; frames++) {
      if (frames % 100 === 0) await setImmediate()
      send(bounded)
    }
    const unbounded = await openFull(Infinity)
    const before = await memory()
    for (let count = 0; count < frames; count++) send(unbounded)
    const kept = (await memory()) - before
    unbounded.terminate()
    process.stdout.write(`${JSON.stringify({ kind, frames, kept })}\n`)
  }
  process.exit()
}

/** A socket whose peer does not read and whose buffers are full. */
async function openFull(maxBufferedAmount: number): Promise<WebSocket> {
  let ws: WebSocket | undefined
  const app = express()
  app.use(useWebSockets({ keepAliveInterval: 0, maxBufferedAmount }))
  app.all('/ws', async (request) => void (ws = await acceptWsWebSocketAsync(request)))
  const peer = await openRawPeer(transport as (typeof transports)[number], app)
  peer.duplex.pause()
  await until(() => ws !== undefined)
  if (ws === undefined) throw new Error('Nothing was accepted')
  const filling = Buffer.alloc(65_536)
  for (let turn = 0; turn < 50; turn++) {
    if (ws.bufferedAmount === 0) {
      ws.send(filling)
      turn = 0
    }
    await setImmediate()
  }
  return ws
}

async function memory(): Promise<number> {
  for (let turn = 0; turn < 10; turn++) {
    await setImmediate()
    globalThis.gc?.()
  }
  const { heapUsed, external } = process.memoryUsage()
  return heapUsed + external
}

void run()
