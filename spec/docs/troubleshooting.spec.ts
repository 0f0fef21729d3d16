import { afterEach, describe, expect, it } from '@jest/globals'
import express from 'express'
import type { Express, RequestHandler } from 'express'
import { createServer } from 'node:http'
import type { Server } from 'node:http'
import { useWebSockets, webSocketHandler } from 'express-use-websockets'
import type { WebSocketOptions } from 'express-use-websockets'
import { WebSocket } from 'ws'
import { closeHttp1Peers } from '../support/http1-peers.ts'
import { listenForHttp1 } from '../support/http1-server.ts'
import { closeOf, openWebSocket, refusedWebSocket } from '../support/web-socket-client.ts'
import { partsOf } from './documents.ts'

afterEach(closeHttp1Peers)

const headings = partsOf('docs/troubleshooting.md').flatMap(({ text, language }) =>
  language === undefined && text.startsWith('## ') ? [text.slice(3)] : [],
)

const echo = webSocketHandler(async (webSocket) => {
  for await (const message of webSocket) await webSocket.sendAsync(message)
})

type Mount = (app: Express, server: Server) => void

/** Starts an application with the fault. */
async function start(mount: Mount): Promise<{ readonly port: number; readonly isSecure: boolean }> {
  const app = express().set('env', 'test')
  const server = createServer(app)
  mount(app, server)
  return listenForHttp1(server, false)
}

const behind =
  (options: WebSocketOptions, route: RequestHandler = echo): Mount =>
  (app) =>
    void app.use(useWebSockets(options)).all('/ws', route)

describe('the symptoms of docs/troubleshooting.md that are a status', () => {
  const faults: [heading: string, fault: string, mount: Mount, headers?: Record<string, string>][] = [
    ['200', 'a catch-all in front', (app) => void app.use(useWebSockets(), (_req, res) => void res.send('page')).all('/ws', echo)],
    ['403', 'another origin', behind({ allowedOrigins: ['https://own.example'] }), { Origin: 'https://other.example' }],
    ['404', 'app.post()', (app) => void app.use(useWebSockets()).post('/ws', echo)],
    ['404', 'a prefix', (app) => void app.use('/api', express.Router().use(useWebSockets()).all('/ws', echo))],
    ['500', 'no middleware, and webSocketHandler', (app) => void app.all('/ws', echo)],
    ['500', 'no middleware, and accept', (app) => void app.all('/ws', async (req) => void (await req.webSockets.acceptWebSocketAsync()))],
    ['500', 'the middleware behind the route', (app) => void app.all('/ws', echo).use(useWebSockets())],
    ['503', 'maxConnections', behind({ maxConnections: 0 })],
  ]

  it.each(faults)('%s: %s', async (heading, _fault, mount, headers = {}) => {
    expect(headings).toContain(heading)
    expect((await refusedWebSocket(await start(mount), '/ws', { headers })).status).toBe(Number(heading))
  })

  it('400: a proxy that removes Upgrade', async () => {
    const { port } = await start(behind({}))
    const headers = { 'Sec-WebSocket-Key': 'AAAAAAAAAAAAAAAAAAAAAA==', 'Sec-WebSocket-Version': '13' }
    const answer = await fetch(`http://127.0.0.1:${port}/ws`, { headers })
    expect([answer.status, await answer.text()]).toEqual([400, expect.stringContaining('the Upgrade header is missing')])
  })

  it('426: a browser tab', async () => {
    const { port } = await start(behind({}))
    expect((await fetch(`http://127.0.0.1:${port}/ws`)).status).toBe(426)
  })
})

describe('the symptoms of docs/troubleshooting.md that are a close code', () => {
  const faults: [heading: string, fault: string, code: number, mount: Mount][] = [
    [
      '1000 right after open',
      'a handler that returns',
      1000,
      behind(
        {},
        webSocketHandler(() => undefined),
      ),
    ],
    [
      '1005',
      'an await using that ends',
      1005,
      behind({}, async (req) => {
        await using _webSocket = await req.webSockets.acceptWebSocketAsync()
      }),
    ],
    ['1006', 'a client that does not answer pings', 1006, behind({ keepAliveInterval: 20, keepAliveTimeout: 20 })],
    [
      '1011',
      'a handler that throws',
      1011,
      behind(
        {},
        webSocketHandler(() => {
          throw new Error('a fault')
        }),
      ),
    ],
    ['1009', 'a message that is too long', 1009, behind({ maxMessageSize: 1 })],
  ]

  it.each(faults)('%s: %s', async (heading, _fault, code, mount) => {
    expect(headings).toContain(heading)
    const { client } = await openWebSocket(await start(mount), '/ws', { autoPong: false })
    client.send('long')
    expect((await closeOf(client))[0]).toBe(code)
  })
})

describe('the other symptoms of docs/troubleshooting.md', () => {
  it("The request never reaches the route: foreign 'upgrade' listeners", async () => {
    const { port } = await start((app, server) => {
      server.on('upgrade', (_request, socket) => socket.destroy())
      behind({})(app, server)
    })
    const client = new WebSocket(`ws://127.0.0.1:${port}/ws`)
    expect(await new Promise((resolve) => void client.on('error', ({ message }) => resolve(message)))).toBe('socket hang up')
  })

  it('Sub-protocol: one that was not offered', async () => {
    const server = await start(
      behind(
        {},
        webSocketHandler(() => undefined, { subProtocol: 'v1.chat' }),
      ),
    )
    await expect(openWebSocket(server)).rejects.toThrow('Server sent a subprotocol but none was requested')
    await expect(openWebSocket(server, '/ws', { protocols: ['v2.chat'] })).rejects.toThrow('Server sent an invalid subprotocol')
  })

  it('Hang on close: nobody receives', async () => {
    const server = await start(behind({ closeAnswerTimeout: 100 }, async (req) => void (await req.webSockets.acceptWebSocketAsync())))
    const { client } = await openWebSocket(server)
    const begin = performance.now()
    client.close(4000)
    expect((await closeOf(client))[0]).toBe(4000)
    expect(performance.now() - begin).toBeGreaterThan(90)
  })

  it('are all covered by these tests', () => {
    const statuses = ['200', '400', '403', '404', '426', '500', '503']
    const closeCodes = ['1000 right after open', '1002, 1003, 1007 or 1008', '1005', '1006', '1009', '1011']
    expect(headings).toEqual([...statuses, ...closeCodes, 'The request never reaches the route', 'Sub-protocol', 'Hang on close'])
  })
})
