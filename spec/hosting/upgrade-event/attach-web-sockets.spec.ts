import { afterEach, describe, expect, it } from '@jest/globals'
import { createServer } from 'node:http'
import type { IncomingMessage, Server } from 'node:http'
import type { Duplex } from 'node:stream'
import { setImmediate as nextTurn } from 'node:timers/promises'
import express from 'express'
import type { Express, NextFunction, Request, Response } from 'express'
import { attachWebSockets, useWebSockets, webSocketHandler } from 'express-use-websockets'
import type { AttachOptions } from 'express-use-websockets'
import { connectOver } from '../../conformance/hostile/transports.ts'
import { closeHttp1Peers } from '../../support/http1-peers.ts'
import { http1Starts } from '../../support/http1-server.ts'
import type { Http1Server } from '../../support/http1-server.ts'
import { rawFrame } from '../../support/raw-frames.ts'
import { handshakeHead, RawHttp1Client } from '../../support/raw-http1.ts'
import { until } from '../../support/until.ts'
import { runOutcomes } from '../../support/run-outcomes.ts'
import { closeOf, nextMessage, openWebSocket, refusedWebSocket } from '../../support/web-socket-client.ts'

afterEach(closeHttp1Peers)

const filter = ({ url }: IncomingMessage): boolean => url?.startsWith('/ws') ?? false

function createApp(): Express {
  const app = express()
  app.use(useWebSockets())
  app.use((_req, res, next) => {
    res.set('X-Own', 'own')
    next()
  })
  const echo = webSocketHandler(async (webSocket) => {
    for await (const message of webSocket) await webSocket.sendAsync(message)
  })
  app.all('/ws', echo)
  app.all(
    '/ws/slow',
    async (_req, _res, next) => {
      await new Promise((resolve) => setTimeout(resolve, 1200))
      next()
    },
    echo,
  )
  app.all('/ws/refused', (_req, res) => void res.status(401).set('WWW-Authenticate', 'Bearer').json({ error: 'no' }))
  app.all('/ws/failing', () => {
    throw new Error('before accept')
  })
  app.get('/page', (_req, res) => void res.send('page'))
  app.use((error: Error, _req: Request, res: Response, _next: NextFunction) => void res.status(500).send(error.message))
  return app
}

/** Receives at `/ws` after a decision. */
function createWaitingApp(decide: (request: Request, next: NextFunction) => void): { app: Express; received: unknown[] } {
  const received: unknown[] = []
  const app = express()
  app.use(useWebSockets())
  app.use((request, _response, next) => decide(request, next))
  app.all('/ws', async (request) => {
    const webSocket = await request.webSockets.acceptWebSocketAsync()
    for await (const message of webSocket) received.push(message)
  })
  app.use((_error: Error, _request: Request, _response: Response, _next: NextFunction) => undefined)
  return { app, received }
}

/** A foreign listener, which answers 418 to every upgrade request. */
function answerAsTeapot(server: Server): void {
  server.on('upgrade', (_request: IncomingMessage, socket: Duplex) => {
    socket.end('HTTP/1.1 418 Teapot\r\nContent-Length: 0\r\nConnection: close\r\n\r\n')
  })
}

describe.each(http1Starts)('attachWebSockets, over %s', (_, start) => {
  async function startAttached(app = createApp()): Promise<Http1Server> {
    const server = await start(app)
    answerAsTeapot(server.server)
    attachWebSockets(server.server, app, { filter })
    return server
  }

  it('passes the requests that its filter claims to the application, and leaves the rest to the other listeners', async () => {
    const server = await startAttached()
    const { client, response } = await openWebSocket(server)
    expect(response.headers).toMatchObject({ 'x-own': 'own', connection: 'Upgrade' })
    client.send('hello')
    expect(await nextMessage(client)).toBe('hello')
    client.close(3001, 'bye')
    expect(await closeOf(client)).toEqual([3001, 'bye'])
    expect((await refusedWebSocket(server, '/theirs')).status).toBe(418)
    const page = await RawHttp1Client.connect(server)
    page.write('GET /page HTTP/1.1\r\nHost: a\r\n\r\n')
    expect(await page.receiveResponse()).toMatch(/page$/)
  })

  it('claims requests before a listener that was added later, and on a server without upgrade listeners', async () => {
    const app = createApp()
    const server = await start(app)
    attachWebSockets(server.server, app, { filter })
    await openWebSocket(server)
    expect((await refusedWebSocket(server, '/theirs')).status).toBe(404)
    answerAsTeapot(server.server)
    await openWebSocket(server)
    expect((await refusedWebSocket(server, '/theirs')).status).toBe(418)
  })

  it.each([
    ['/ws/refused', 401, '{"error":"no"}'],
    ['/ws/nowhere', 404, /Cannot GET \/ws\/nowhere/],
    ['/ws/failing', 500, 'before accept'],
  ])('answers a handshake to %s like any other request: %i', async (path, status, body) => {
    const client = await RawHttp1Client.connect(await startAttached())
    client.write(handshakeHead({}, `GET ${path} HTTP/1.1`))
    const response = await client.receiveResponse()
    expect(response).toMatch(new RegExp(`^HTTP/1\\.1 ${status} `))
    expect(response).toMatch(body)
    expect(response).toContain('X-Own: own\r\n')
    client.write('GET /page HTTP/1.1\r\nHost: a\r\n\r\n')
    expect(await client.receiveResponse()).toMatch(/page$/)
  })

  it('delivers bytes that came with the handshake and while the application decided', async () => {
    const client = await RawHttp1Client.connect(await startAttached())
    client.write(handshakeHead({}, 'GET /ws/slow HTTP/1.1'), rawFrame(1, 'one'))
    client.write(rawFrame(1, 'two'))
    expect(await client.receiveHead()).toMatch(/^HTTP\/1\.1 101 /)
    expect(await client.receive(rawFrame(1, 'one', { mask: false }))).toContain('one')
    expect(await client.receive(rawFrame(1, 'two', { mask: false }))).toContain('two')
  })

  it('delivers single bytes that came meanwhile', async () => {
    const waiting: NextFunction[] = []
    const { app, received } = createWaitingApp((_request, next) => void waiting.push(next))
    const client = await RawHttp1Client.connect(await startAttached(app))
    client.write(handshakeHead())
    await client.trickle(rawFrame(1, 'in single bytes').toString('latin1'))
    await until(() => waiting.length > 0)
    for (let turn = 0; turn < 20; turn++) await nextTurn()
    waiting[0]?.()
    await until(() => received.length > 0)
    expect(received).toEqual(['in single bytes'])
  })

  it('notices a client that resets its connection meanwhile, even if it is not read', async () => {
    const requests: Request[] = []
    const { app } = createWaitingApp((request) => void requests.push(request))
    const { port, isSecure } = await startAttached(app)
    const { socket, reset } = await connectOver(isSecure ? 'https' : 'http', { http: port, https: port, h2c: port, h2: port })
    socket.write(handshakeHead())
    socket.write(rawFrame(1, 'early'))
    await until(() => requests.length > 0)
    reset()
    await until(() => requests[0]?.socket.destroyed === true)
    expect(requests).toHaveLength(1)
  })

  it.each<[string, (request: Request) => unknown]>([
    ['reads the request', (request) => request.toArray()],
    ['lets the request flow', (request) => request.resume()],
  ])('delivers early bytes if an earlier handler %s', async (_name, read) => {
    const app = express()
    app.use(useWebSockets())
    app.use((request, _response, next) => {
      void read(request)
      // Until everything that was sent together has been read.
      setImmediate(() => setImmediate(next))
    })
    app.all(
      '/ws',
      webSocketHandler(async (webSocket) => {
        for await (const message of webSocket) await webSocket.sendAsync(message)
      }),
    )
    const client = await RawHttp1Client.connect(await startAttached(app))
    client.write(handshakeHead(), rawFrame(1, 'first'))
    client.write(rawFrame(1, 'second'))
    await client.receiveHead()
    expect(await client.receive(rawFrame(1, 'first', { mask: false }))).toContain('first')
    expect(await client.receive(rawFrame(1, 'second', { mask: false }))).toContain('second')
  })

  it('treats a body as a body', async () => {
    const client = await RawHttp1Client.connect(await startAttached())
    client.write(handshakeHead({ 'Content-Length': '5' }), 'hello')
    expect(await client.receiveResponse()).toMatch(/^HTTP\/1\.1 400 .*the request has a body/s)
    client.write('GET /page HTTP/1.1\r\nHost: a\r\n\r\n')
    expect(await client.receiveResponse()).toMatch(/page$/)
  })

  it('closes request and response if a client vanishes before the answer', async () => {
    const closed: string[] = []
    const app = express()
    app.use(useWebSockets())
    app.all('/ws', (req, res) => {
      req.on('close', () => closed.push('request'))
      res.on('close', () => closed.push('response'))
      req.socket.on('close', () => closed.push('socket'))
      req.socket.destroy()
    })
    const client = await RawHttp1Client.connect(await startAttached(app))
    client.write(handshakeHead())
    await client.end()
    await new Promise((resolve) => setImmediate(resolve))
    expect(closed.toSorted()).toEqual(['request', 'response', 'socket'])
  })

  it('works for several applications on one server', async () => {
    const server = await start(createApp())
    for (const name of ['one', 'two']) {
      const app = express()
      app.use(useWebSockets())
      app.all(
        `/${name}`,
        webSocketHandler(async (webSocket) => webSocket.sendAsync(name)),
      )
      attachWebSockets(server.server, app, { filter: ({ url }) => url === `/${name}` })
    }
    for (const name of ['one', 'two']) expect(await nextMessage((await openWebSocket(server, `/${name}`)).client)).toBe(name)
    expect((await refusedWebSocket(server, '/ws/refused')).status).toBe(401)
  })

  it('answers 400 if its filter throws an error because of an invalid URL, and keeps running', async () => {
    const app = createApp()
    const server = await start(app)
    answerAsTeapot(server.server)
    attachWebSockets(server.server, app, { filter: ({ url = '' }) => new URL(url, 'http://a').pathname === '/ws' })
    const client = await RawHttp1Client.connect(server)
    client.write(handshakeHead({}, 'GET //[ HTTP/1.1'))
    expect(await client.receiveResponse()).toMatch(/^HTTP\/1\.1 400 /)
    await openWebSocket(server)
  })
})

describe('attachWebSockets', () => {
  it('answers 500 where its filter throws, and warns of it once', async () => {
    expect(await runOutcomes('spec/hosting/upgrade-event/scripts/throwing-filter.ts', [], ['--no-warnings'])).toEqual([
      [
        'WebSocketWarning',
        'WEBSOCKET_FILTER_ERROR',
        'attachWebSockets: the filter threw an error, so the answer is 500. Further errors of the filter are not shown',
        'Error: a fault in the filter',
      ],
      500,
      500,
    ])
  })

  it.each<[string, unknown, unknown, unknown]>([
    ["the argument 'server' must be a server of node:http, node:https or node:http2. Received 3000", 3000, createApp(), { filter }],
    ["the argument 'app' must be a request listener, such as an Express application. Received {}", createServer(), {}, { filter }],
    ["the argument 'options' must be an object with a filter. Received undefined", createServer(), createApp(), undefined],
    [
      "the option 'filter' must be a function that selects the upgrade requests of the application. Received '/ws'",
      createServer(),
      createApp(),
      { filter: '/ws' },
    ],
    ["there is no option 'filters'. Did you mean 'filter'?", createServer(), createApp(), { filters: filter }],
  ])('refuses: %s', (message, server, app, options) => {
    expect(() => attachWebSockets(server as Server, app as Express, options as AttachOptions)).toThrow(
      expect.objectContaining({ code: 'ERR_WEBSOCKET_INVALID_ARGUMENT', message: `attachWebSockets: ${message}` }),
    )
  })
})
