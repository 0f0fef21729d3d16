import { afterEach, describe, expect, it } from '@jest/globals'
import type { IncomingMessage } from 'node:http'
import { createTRPCClient, createWSClient, wsLink } from '@trpc/client'
import { initTRPC } from '@trpc/server'
import { applyWSSHandler } from '@trpc/server/adapters/ws'
import express from 'express'
import { useWebSockets } from 'express-use-websockets'
import { webSocketServerHandler } from 'express-use-websockets/ws'
import { WebSocket, WebSocketServer } from 'ws'
import { closeHttp1Peers } from '../support/http1-peers.ts'
import { startHttp1Server } from '../support/http1-server.ts'
import { until } from '../support/until.ts'

const leftovers: (() => unknown)[] = []

afterEach(async () => {
  for (const end of leftovers.splice(0)) await end()
  closeHttp1Peers()
})

const trpc = initTRPC.context<{ user: string }>().create()

const router = trpc.router({
  hello: trpc.procedure.query(({ ctx }) => `hello ${ctx.user}`),
  countdown: trpc.procedure.subscription(async function* countdown() {
    for (let count = 3; count >= 0; count--) yield count
  }),
})

describe('the WebSocket handler of tRPC', () => {
  it('serves queries and subscriptions at a route, behind the middleware of the application', async () => {
    const webSocketServer = new WebSocketServer({ noServer: true })
    const createContext = ({ req }: { readonly req: IncomingMessage }): { user: string } => ({ user: String(req.headers['x-user']) })
    const handler = applyWSSHandler({ wss: webSocketServer, router, createContext })
    const app = express()
    app.use(useWebSockets())
    app.use((req, _res, next) => {
      req.headers['x-user'] = 'Ada'
      next()
    })
    app.all('/trpc', webSocketServerHandler(webSocketServer))
    const { port } = await startHttp1Server(app)

    let connections = 0
    webSocketServer.on('connection', () => connections++)
    const options = { url: `ws://127.0.0.1:${port}/trpc`, WebSocket: WebSocket as unknown as typeof globalThis.WebSocket }
    const webSocketClient = createWSClient({ ...options, retryDelayMs: () => 0 })
    leftovers.push(() => webSocketClient.close())
    const client = createTRPCClient<typeof router>({ links: [wsLink({ client: webSocketClient })] })
    expect(await client.hello.query()).toBe('hello Ada')
    const counted: number[] = []
    await new Promise<void>((resolve, reject) => {
      client.countdown.subscribe(undefined, { onData: (count) => counted.push(count), onComplete: resolve, onError: reject })
    })
    expect(counted).toEqual([3, 2, 1, 0])

    // tRPC sends this to the `clients` of the server, to close them before a restart.
    expect(connections).toBe(1)
    handler.broadcastReconnectNotification()
    await until(() => connections === 2)
    expect(await client.hello.query()).toBe('hello Ada')
  })
})
