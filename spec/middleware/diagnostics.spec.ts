import { execFile } from 'node:child_process'
import diagnosticsChannel from 'node:diagnostics_channel'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { afterEach, describe, expect, it } from '@jest/globals'
import express from 'express'
import type { Express } from 'express'
import { useWebSockets } from 'express-use-websockets'
import type { ManagedWebSocket, WebSocketCloseEvent } from 'express-use-websockets'
import { requestWebSocket } from 'express-use-websockets/testing'
import { until } from '../support/until.ts'

const CHANNEL = 'express-use-websockets:close'
const events: WebSocketCloseEvent[] = []
const PATH = '/ws/of-this-specification'

/** The channel belongs to the process, and WebSockets of other tests may end meanwhile. */
function record(message: unknown): void {
  const event = message as WebSocketCloseEvent
  if (event.request.url === PATH) events.push(event)
}

afterEach(() => {
  diagnosticsChannel.unsubscribe(CHANNEL, record)
  events.length = 0
})

function createApp(handler: (webSocket: ManagedWebSocket) => unknown): Express {
  const app = express().use(useWebSockets({ closeTimeout: 100 }))
  app.all(PATH, async (req) => {
    const webSocket = await req.webSockets.acceptWebSocketAsync()
    await webSocket.receiveAsync(Buffer.alloc(2))
    await handler(webSocket)
  })
  return app
}

/** What a handler does, the code of the client's Close frame, and the codes of the event: `closeStatus` and `peerCloseStatus`. */
const ends: [name: string, handler: (webSocket: ManagedWebSocket) => unknown, code: number | undefined, codes: [number, number]][] = [
  ['answers the Close frame in a loop', async (webSocket) => webSocket[Symbol.asyncIterator]().next(), 4000, [4000, 4000]],
  ['answers a Close frame without a code', async (webSocket) => webSocket[Symbol.asyncIterator]().next(), undefined, [1000, 1005]],
  [
    'receives the Close frame and disposes the socket',
    async (webSocket) => {
      await webSocket.receiveAsync(Buffer.alloc(1))
      webSocket.dispose()
    },
    4000,
    [4000, 1006],
  ],
  ['disposes the socket', (webSocket) => webSocket.dispose(), undefined, [1006, 1006]],
  ['aborts the socket', (webSocket) => webSocket.abort(), undefined, [1006, 1006]],
  [
    'aborts the socket before its Close frame is written',
    (webSocket) => {
      void webSocket.closeOutputAsync(4001)
      webSocket.abort()
    },
    undefined,
    [4001, 1006],
  ],
  ['closes', async (webSocket) => webSocket.closeAsync(4001), 4000, [4000, 4001]],
]

describe.each(['http/1.1', 'h2'] as const)('the close event, over %s', (protocol) => {
  it.each(ends)('has the code that the client has seen if the handler %s', async (_, handler, code, codes) => {
    diagnosticsChannel.subscribe(CHANNEL, record)
    await using answer = await requestWebSocket(createApp(handler), PATH, { protocol })
    await answer.webSocket.sendAsync('go')
    await answer.webSocket.closeAsync(code).catch(() => undefined)
    await until(() => events.length > 0)

    expect(events.map(({ completion, peerCloseStatus }) => [completion.closeStatus, peerCloseStatus])).toEqual([codes])
  })
})

describe('NODE_DEBUG', () => {
  it('prints 1006 for a Close frame that was not answered', async () => {
    const script = join(__dirname, 'scripts', 'unanswered-close.ts')
    const env = { NODE_DEBUG: 'express-use-websockets' }
    const { stderr } = await promisify(execFile)(process.execPath, ['-r', 'esbuild-register', script], { env })

    expect(stderr).toMatch(/EXPRESS-USE-WEBSOCKETS \d+: accepted \/ws\n.*closed \/ws 1006 \d+/)
  })
})
