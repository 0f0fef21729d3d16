import { afterEach, describe, expect, it } from '@jest/globals'
import type { IncomingMessage } from 'node:http'
import { useServer } from 'graphql-ws/use/ws'
import { createClient } from 'graphql-ws'
import { buildSchema } from 'graphql'
import express from 'express'
import type { Express } from 'express'
import { attachWebSockets, useWebSockets, webSocketHandler } from 'express-use-websockets'
import { createProxyMiddleware } from 'http-proxy-middleware'
import { Server as SocketIoServer } from 'socket.io'
import { io } from 'socket.io-client'
import { WebSocket, WebSocketServer } from 'ws'
import { closeHttp1Peers } from '../support/http1-peers.ts'
import { startHttp1Server } from '../support/http1-server.ts'
import type { Http1Server } from '../support/http1-server.ts'
import { nextMessage, openWebSocket } from '../support/web-socket-client.ts'

const leftovers: (() => void)[] = []

afterEach(() => {
  closeHttp1Peers()
  for (const end of leftovers.splice(0)) end()
})

const isOurs = ({ url }: IncomingMessage): boolean => url === '/ws' || url === '/ws/slow'

/** Echoes at `/ws`, and at `/ws/slow` only after a delay that exceeds the time-out of engine.io. */
function createApp(): Express {
  const app = express()
  app.use(useWebSockets())
  const echo = webSocketHandler(async (webSocket) => {
    for await (const message of webSocket) await webSocket.sendAsync(message)
  })
  app.all('/ws', echo)
  app.all('/ws/slow', (_req, _res, next) => void setTimeout(next, 1200), echo)
  return app
}

async function expectOurs(server: Http1Server, path = '/ws'): Promise<void> {
  const { client } = await openWebSocket(server, path)
  client.send('ours')
  expect(await nextMessage(client)).toBe('ours')
}

describe('beside other libraries on one server', () => {
  it.each([['websocket'], ['polling']] as const)('serves its own requests and leaves those of socket.io (by %s)', async (transport) => {
    const app = createApp()
    const server = await startHttp1Server(app)
    const socketIo = new SocketIoServer(server.server)
    leftovers.push(() => void socketIo.close())
    socketIo.on('connection', (socket) => socket.on('ping it', (text: string, answer: (text: string) => void) => answer(`pong ${text}`)))
    attachWebSockets(server.server, app, { filter: isOurs })

    const socket = io(`http://127.0.0.1:${server.port}`, { transports: [transport], reconnection: false })
    leftovers.push(() => socket.disconnect())
    await new Promise<void>((resolve) => socket.once('connect', resolve))
    expect(await socket.emitWithAck('ping it', 'a')).toBe('pong a')
    await expectOurs(server)
    // engine.io destroys upgrades that are unanswered after a second. It does not get this one.
    await expectOurs(server, '/ws/slow')
    expect(await socket.emitWithAck('ping it', 'b')).toBe('pong b')
  })

  it('serves its own requests and leaves those of a WebSocketServer of ws', async () => {
    const app = createApp()
    const server = await startHttp1Server(app)
    // It answers 400 to every upgrade of another path.
    const theirs = new WebSocketServer({ server: server.server, path: '/theirs' })
    theirs.on('connection', (socket) => socket.send('theirs'))
    attachWebSockets(server.server, app, { filter: isOurs })
    await expectOurs(server)
    expect(await nextMessage((await openWebSocket(server, '/theirs')).client)).toBe('theirs')
    await expectOurs(server, '/ws/slow')
  })

  it('serves its own requests and leaves those of graphql-ws', async () => {
    const app = createApp()
    const server = await startHttp1Server(app)
    attachWebSockets(server.server, app, { filter: isOurs })
    const theirs = new WebSocketServer({ server: server.server, path: '/graphql' })
    const schema = buildSchema('type Query { hello: String } type Subscription { count: Int }')
    const roots = {
      query: { hello: () => 'world' },
      subscription: {
        async *count() {
          yield { count: 1 }
          yield { count: 2 }
        },
      },
    }
    leftovers.push(() => void disposable.dispose())
    const disposable = useServer({ schema, roots }, theirs)
    const client = createClient({ url: `ws://127.0.0.1:${server.port}/graphql`, webSocketImpl: WebSocket })
    leftovers.push(() => void client.dispose())
    const counts: unknown[] = []
    for await (const { data } of client.iterate({ query: 'subscription { count }' })) counts.push(data?.['count'])
    expect(counts).toEqual([1, 2])
    await expectOurs(server)
  })

  it('serves its own requests and leaves those of http-proxy-middleware', async () => {
    const behind = await startHttp1Server(createApp())
    const app = createApp()
    const proxy = createProxyMiddleware({
      target: `http://127.0.0.1:${behind.port}`,
      ws: true,
      pathFilter: '/proxied',
      pathRewrite: { '^/proxied': '/ws' },
    })
    app.use(proxy)
    const server = await startHttp1Server(app)
    server.server.on('upgrade', proxy.upgrade)
    attachWebSockets(server.server, app, { filter: isOurs })
    await expectOurs(server)
    const { client } = await openWebSocket(server, '/proxied')
    client.send('theirs')
    expect(await nextMessage(client)).toBe('theirs')
  })
})
