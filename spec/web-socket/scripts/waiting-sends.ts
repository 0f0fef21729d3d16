/**
 * Sends without awaiting to a peer that does not read, until the socket is aborted. Then sends one message less to another such peer, which finally
 * reads. For each kind of message, prints a line of JSON: the number of messages, the bytes that this process kept of them, the bytes of the waiting
 * messages that arrived, and the longest turn of the event loop, in milliseconds of processor time of the main thread. Needs `--expose-gc`.
 * Arguments: the transport and `maxBufferedAmount`.
 */
import { setImmediate } from 'node:timers/promises'
import express from 'express'
import { prepareMessage, useWebSockets, WebSocketState } from 'express-use-websockets'
import type { ManagedWebSocket } from 'express-use-websockets'
import { memoryInUse } from '../../support/memory-in-use.ts'
import { threadTime } from '../../support/thread-time.ts'
import { until } from '../../support/until.ts'
import { openRawPeer } from '../../ws/raw-peers.ts'
import type { transports } from '../../ws/raw-peers.ts'

const [, , transport = 'http', limit = '16000000'] = process.argv
const MAX_SENDS = 1_000_000

const prepared = prepareMessage('prepared, 20 bytes..')
const kinds: Record<string, () => Parameters<ManagedWebSocket['sendAsync']>[0]> = {
  empty: () => '',
  'text of 20 bytes': () => `text ${Math.random().toFixed(13)}`,
  'binary of 20 bytes': () => Buffer.alloc(20),
  prepared: () => prepared,
}

void run()

async function run(): Promise<void> {
  for (const [kind, make] of Object.entries(kinds)) {
    const bounded = await openFull(Number(limit))
    let sends = 0
    for (; bounded.webSocket.state === WebSocketState.Open && sends < MAX_SENDS; sends++) void bounded.webSocket.sendAsync(make())
    const unbounded = await openFull(Infinity)
    const before = await memoryInUse()
    const filled = unbounded.webSocket.bufferedAmount
    for (let count = 1; count < sends; count++) void unbounded.webSocket.sendAsync(make())
    const kept = (await memoryInUse()).total - before.total
    const waiting = unbounded.webSocket.bufferedAmount - filled
    const { expected, longestTurn, received } = await unbounded.drain()
    process.stdout.write(`${JSON.stringify({ kind, sends, kept, waiting, received, expected, longestTurn })}\n`)
    unbounded.webSocket.abort()
  }
  process.exit()
}

/** A socket whose peer does not read and whose buffers are full. */
async function openFull(maxBufferedAmount: number) {
  const accepted: ManagedWebSocket[] = []
  const app = express()
  app.use(useWebSockets({ keepAliveInterval: 0, maxBufferedAmount }))
  app.all('/ws', async (request) => void accepted.push(await request.webSockets.acceptWebSocketAsync()))
  const { duplex } = await openRawPeer(transport as (typeof transports)[number], app)
  duplex.removeAllListeners('data').pause()
  await until(() => accepted.length > 0)
  const [webSocket] = accepted
  if (webSocket === undefined) throw new Error('Nothing was accepted')
  const filling = Buffer.alloc(65_536)
  for (let turn = 0; turn < 50; turn++) {
    if (webSocket.bufferedAmount === 0) {
      void webSocket.sendAsync(filling)
      turn = 0
    }
    await setImmediate()
  }

  /** The peer reads everything. The bytes that were sent last arrive last. */
  async function drain(): Promise<{ longestTurn: number; received: number; expected: number }> {
    const expected = webSocket?.bufferedAmount ?? 0
    const result = { expected, longestTurn: 0, received: 0 }
    duplex.on('data', ({ length }: Buffer) => (result.received += length)).resume()
    let spent = threadTime()
    const isDrained = (): boolean => webSocket?.bufferedAmount === 0 && result.received >= expected
    while (!isDrained()) {
      await setImmediate()
      const now = threadTime()
      result.longestTurn = Math.max(result.longestTurn, now - spent)
      spent = now
    }
    return result
  }

  return { webSocket, drain }
}
