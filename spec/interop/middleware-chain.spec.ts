import { afterEach, describe, expect, it } from '@jest/globals'
import { setImmediate as nextTurn } from 'node:timers/promises'
import compression from 'compression'
import cookieParser from 'cookie-parser'
import type { Express, NextFunction, Request, Response } from 'express'
import { rateLimit } from 'express-rate-limit'
import session from 'express-session'
import helmet from 'helmet'
import morgan from 'morgan'
import { useWebSockets, WebSocketState } from 'express-use-websockets'
import type { ManagedWebSocket } from 'express-use-websockets'
import { expressVersions } from '../support/express-versions.ts'
import { closeHttp1Peers } from '../support/http1-peers.ts'
import { http1Starts, startHttp1Server } from '../support/http1-server.ts'
import { rawFrame } from '../support/raw-frames.ts'
import { handshakeHead, RawHttp1Client } from '../support/raw-http1.ts'
import { until } from '../support/until.ts'
import { closeOf, nextMessage, openWebSocket, refusedWebSocket } from '../support/web-socket-client.ts'

declare module 'express-session' {
  interface SessionData {
    visits: number
  }
}

afterEach(closeHttp1Peers)

async function echo(webSocket: ManagedWebSocket): Promise<void> {
  try {
    for await (const message of webSocket) await webSocket.sendAsync(message)
    await webSocket.closeOutputAsync(webSocket.closeStatus ?? 1000)
  } catch (error) {
    if (webSocket.state !== WebSocketState.Aborted) throw error
  }
}

describe.each(expressVersions)('behind the middleware of a real application, on %s', (_, express) => {
  /** All middlewares that hook responses, with useWebSockets() as the first or the last of them. */
  function createApp(position: 'first' | 'last', accessLog: string[] = []): Express {
    const app = express()
    if (position === 'first') app.use(useWebSockets())
    app.use(morgan(':method :url :status :total-time', { stream: { write: (line) => void accessLog.push(line) } }))
    app.use(helmet())
    app.use(compression({ threshold: 0 }))
    app.use(cookieParser('secret'))
    app.use(session({ secret: 'secret', resave: false, saveUninitialized: true }))
    app.use(rateLimit({ limit: 3, skip: (req) => req.path !== '/limited', legacyHeaders: false, standardHeaders: true, validate: false }))
    app.use(async function authenticate(req: Request, res: Response, next: NextFunction) {
      await nextTurn()
      if (req.headers.authorization === 'none') res.status(401).set('WWW-Authenticate', 'Bearer').end()
      else next()
    })
    if (position === 'last') app.use(useWebSockets())
    app.all('/ws', async (req, res) => {
      req.session.visits = (req.session.visits ?? 0) + 1
      res.cookie('seen', 'yes').set('X-Own', 'own')
      await echo(await req.webSockets.acceptWebSocketAsync())
    })
    app.all('/visits', async (req) => {
      const webSocket = await req.webSockets.acceptWebSocketAsync()
      await webSocket.sendAsync(`${req.session.visits}, ${req.cookies['seen']}`)
      await echo(webSocket)
    })
    app.all('/limited', (_req, res) => void res.sendStatus(404))
    app.all('/forbidden', (_req, res) => void res.status(403).json({ error: 'not for you'.repeat(100) }))
    app.all('/moved', (_req, res) => res.redirect('/elsewhere'))
    app.all('/failing', async (_req, _res, next) => {
      await nextTurn()
      next(new Error('before accept'))
    })
    app.use((error: Error, _req: Request, res: Response, _next: NextFunction) => {
      res.status(500).send(error.message)
    })
    return app
  }

  describe.each(http1Starts)('over %s', (_name, start) => {
    it.each(['first', 'last'] as const)(
      'accepts with all fields that were set before on the 101, if useWebSockets() is %s',
      async (position) => {
        const server = await start(createApp(position))
        const { client, response } = await openWebSocket(server)
        client.send('hello')
        expect(await nextMessage(client)).toBe('hello')
        expect(response.headers).toMatchObject({
          'x-own': 'own',
          'x-dns-prefetch-control': 'off',
          'content-security-policy': expect.stringContaining('default-src'),
          upgrade: 'websocket',
        })
        const cookies = (response.headers['set-cookie'] ?? []).map((cookie) => cookie.split(';', 1)[0] ?? '')
        expect(cookies.map((cookie) => cookie.split('=', 1)[0])).toEqual(expect.arrayContaining(['seen', 'connect.sid']))

        // The session is saved when the response ends, which is when the socket has completed.
        client.close(1000)
        await closeOf(client)
        await nextTurn()
        const again = await openWebSocket(server, '/visits', { headers: { cookie: cookies.join('; ') } })
        expect(await nextMessage(again.client)).toBe('1, yes')
      },
    )
  })

  it.each([
    ['/ws', { authorization: 'none' }, 401, { 'www-authenticate': 'Bearer' }, /^$/],
    ['/forbidden', {}, 403, { 'content-type': 'application/json; charset=utf-8' }, /^\{"error":"not for you/],
    ['/nowhere', {}, 404, {}, /Cannot GET \/nowhere/],
    ['/moved', {}, 302, { location: '/elsewhere' }, 'Found. Redirecting to /elsewhere'],
    ['/failing', {}, 500, {}, 'before accept'],
  ])('answers a handshake to %s like any other request: %j, %i', async (path, headers, status, expectedHeaders, body) => {
    const refusal = await refusedWebSocket(await startHttp1Server(createApp('first')), path, { headers })
    expect(refusal).toMatchObject({ status, headers: expectedHeaders })
    expect(refusal.body).toMatch(body)
  })

  it('answers 429 when a limit is reached, and serves the next request on the same connection', async () => {
    const client = await RawHttp1Client.connect(await startHttp1Server(createApp('first')))
    const head = handshakeHead({}, 'GET /limited HTTP/1.1')
    for (const status of [404, 404, 404, 429]) {
      client.write(head)
      expect(await client.receiveResponse()).toMatch(new RegExp(`^HTTP/1\\.1 ${status} `))
    }
    client.write(handshakeHead())
    expect(await client.receiveHead()).toMatch(/^HTTP\/1\.1 101 /)
    client.write(rawFrame(1, 'hi'))
    expect(await client.receive(rawFrame(1, 'hi', { mask: false }))).toContain('hi')
  })

  it('is logged in one line when the socket has completed, with status 101 and its duration', async () => {
    const accessLog: string[] = []
    const { client } = await openWebSocket(await startHttp1Server(createApp('first', accessLog)))
    const openedAt = performance.now()
    while (performance.now() - openedAt < 50) {
      client.send('hello')
      await nextMessage(client)
    }
    expect(accessLog).toEqual([])
    client.close()
    await until(() => accessLog.length > 0)
    await nextTurn()
    expect(accessLog).toEqual([expect.stringMatching(/^GET \/ws 101 \d+\.\d+\n$/)])
    expect(Number(accessLog[0]?.split(' ')[3])).toBeGreaterThanOrEqual(49)
  })
})
