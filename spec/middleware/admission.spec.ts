import { afterEach, describe, expect, it } from '@jest/globals'
import { once } from 'node:events'
import express from 'express'
import type { Express, NextFunction, Request, Response } from 'express'
import { useWebSockets, webSocketHandler } from 'express-use-websockets'
import type { OriginPredicate, WebSocketMiddleware, WebSocketOptions } from 'express-use-websockets'
import { Gate } from '../support/gate.ts'
import { closeHttp1Peers } from '../support/http1-peers.ts'
import { startHttp1Server, startHttpsServer } from '../support/http1-server.ts'
import { rawFrame } from '../support/raw-frames.ts'
import { handshakeHead, RawHttp1Client } from '../support/raw-http1.ts'
import { until } from '../support/until.ts'
import { closeOf, openWebSocket, refusedWebSocket } from '../support/web-socket-client.ts'

afterEach(closeHttp1Peers)

function createApp(options: WebSocketOptions, webSockets: WebSocketMiddleware = useWebSockets(options)): Express {
  const app = express()
  app.use(webSockets)
  app.all(
    '/ws',
    webSocketHandler(async (webSocket) => {
      for await (const message of webSocket) await webSocket.sendAsync(message)
    }),
  )
  app.get('/page', (_req, res) => void res.send('page'))
  app.use((error: Error, _req: Request, res: Response, _next: NextFunction) => void res.status(500).send(error.message))
  return app
}

describe('allowedOrigins', () => {
  it('leaves no listener on a connection whose handshakes it refused behind other requests', async () => {
    const app = express()
    const counts: number[] = []
    app.get('/slow', (req, res) => {
      counts.push(req.socket.listenerCount('close'))
      setImmediate(() => res.send('slow'))
    })
    app.use(useWebSockets({ allowedOrigins: ['https://a.example'] }))
    const client = await RawHttp1Client.connect(await startHttp1Server(app))
    for (let count = 0; count < 30; count++) {
      client.write('GET /slow HTTP/1.1\r\nHost: a\r\n\r\n', handshakeHead({ Origin: 'https://b.example' }))
      await client.receive('slow')
      expect(await client.receiveHead()).toMatch(/^HTTP\/1\.1 403 /)
    }
    expect(new Set(counts.slice(1)).size).toBe(1)
  })

  it('answers 403 without a body to a WebSocket request from another origin, before any later handler', async () => {
    const client = await RawHttp1Client.connect(await startHttp1Server(createApp({ allowedOrigins: ['https://a.example'] })))
    client.write(handshakeHead({ Origin: 'https://b.example' }))
    const response = await client.receiveResponse()
    expect(response).toMatch(/^HTTP\/1\.1 403 Forbidden\r\n/)
    expect(response).toContain('Content-Length: 0\r\n')
    client.write(handshakeHead({ Origin: ['https://a.example', 'https://a.example'] }))
    expect(await client.receiveResponse()).toMatch(/^HTTP\/1\.1 403 /)
    client.write(handshakeHead({ Origin: 'https://a.example' }))
    expect(await client.receiveHead()).toMatch(/^HTTP\/1\.1 101 /)
  })

  it.each([[{}], [{ Origin: '' }]])('admits a client without an origin: %j', async (headers) => {
    const client = await RawHttp1Client.connect(await startHttp1Server(createApp({ allowedOrigins: ['https://a.example'] })))
    client.write(handshakeHead(headers))
    expect(await client.receiveHead()).toMatch(/^HTTP\/1\.1 101 /)
  })

  it('ignores requests that are not WebSocket requests', async () => {
    const client = await RawHttp1Client.connect(await startHttp1Server(createApp({ allowedOrigins: ['https://a.example'] })))
    client.write('GET /page HTTP/1.1\r\nHost: a\r\nOrigin: https://b.example\r\n\r\n')
    expect(await client.receiveResponse()).toMatch(/page$/)
    client.write(handshakeHead({ Origin: 'https://b.example', Upgrade: undefined }))
    expect(await client.receiveResponse()).toMatch(/^HTTP\/1\.1 400 /)
  })

  it('waits for a predicate, and keeps what the client sends in the meantime', async () => {
    const gate = new Gate()
    const asked: unknown[] = []
    const allowedOrigins: OriginPredicate = async (origin, { url }) => {
      asked.push([origin, url])
      await gate.opened
      return origin === 'https://a.example'
    }
    const server = await startHttp1Server(createApp({ allowedOrigins }))
    const client = await RawHttp1Client.connect(server)
    client.write(handshakeHead({ Origin: 'https://a.example' }), rawFrame(1, 'hasty'))
    await until(() => asked.length === 1)
    gate.open()
    expect(await client.receiveHead()).toMatch(/^HTTP\/1\.1 101 /)
    await client.receive(rawFrame(1, 'hasty', { mask: false }))
    expect(asked).toEqual([['https://a.example', '/ws']])
    expect((await refusedWebSocket(server, '/ws', { origin: 'https://b.example' })).status).toBe(403)
  })

  it.each([
    ['throws', raise],
    ['rejects', async () => raise()],
  ])('passes the error of a predicate that %s to the error middleware', async (_, allowedOrigins) => {
    const server = await startHttp1Server(createApp({ allowedOrigins }))
    expect(await refusedWebSocket(server, '/ws', { origin: 'https://a.example' })).toMatchObject({ status: 500, body: 'no database' })
  })

  it('recognises the same origin by Host, by TLS, and by a trusted proxy', async () => {
    const app = createApp({ allowedOrigins: 'same-origin' })
    const server = await startHttp1Server(app)
    const status = async (origin: string, headers: Record<string, string> = {}): Promise<string> => {
      const client = await RawHttp1Client.connect(server)
      client.write(handshakeHead({ Origin: origin, ...headers }))
      return (await client.receiveHead()).slice(9, 12)
    }
    expect(await status('https://server.example')).toBe('101')
    expect(await status('https://other.example')).toBe('403')
    const forwarded = { 'X-Forwarded-Host': 'public.example, inner.example', 'X-Forwarded-Proto': 'https' }
    expect(await status('https://public.example', forwarded)).toBe('403')
    app.set('trust proxy', true)
    expect(await status('https://public.example', forwarded)).toBe('101')
    expect(await status('http://public.example', forwarded)).toBe('403')
    // Some proxies name the scheme of the WebSocket.
    expect(await status('http://public.example', { ...forwarded, 'X-Forwarded-Proto': 'wss' })).toBe('403')
    expect(await status('https://server.example', forwarded)).toBe('403')
    expect(await status('https://server.example')).toBe('101')
    const secure = await RawHttp1Client.connect(await startHttpsServer(createApp({ allowedOrigins: 'same-origin' })))
    secure.write(handshakeHead({ Origin: 'http://server.example' }))
    expect(await secure.receiveResponse()).toMatch(/^HTTP\/1\.1 403 /)
    secure.write(handshakeHead({ Origin: 'https://server.example' }))
    expect(await secure.receiveHead()).toMatch(/^HTTP\/1\.1 101 /)
  })
})

describe('maxConnections', () => {
  it('answers 503 with Retry-After above the limit, and admits the next client after one has left', async () => {
    const webSockets = useWebSockets({ maxConnections: 2 })
    const server = await startHttp1Server(createApp({}, webSockets))
    const first = await openWebSocket(server)
    await openWebSocket(server)
    expect(await refusedWebSocket(server)).toMatchObject({ status: 503, headers: { 'retry-after': '5' }, body: '' })
    expect(webSockets.connections).toBe(2)
    first.client.close()
    await once(first.client, 'close')
    await until(() => webSockets.connections === 1)
    await openWebSocket(server)
  })

  it('counts WebSockets that are being opened, and releases those that were not accepted', async () => {
    const gate = new Gate()
    const app = express()
    app.use(useWebSockets({ maxConnections: 1 }))
    app.all('/ws', async (_req, res) => {
      await gate.opened
      res.sendStatus(401)
    })
    const server = await startHttp1Server(app)
    const waiting = refusedWebSocket(server)
    await once(server.server, 'request')
    expect((await refusedWebSocket(server)).status).toBe(503)
    gate.open()
    expect((await waiting).status).toBe(401)
    expect((await refusedWebSocket(server)).status).toBe(401)
  })
})

describe('closeAsync', () => {
  it('closes all with 1001, answers 503 from then on, and reports how they ended', async () => {
    const webSockets = useWebSockets()
    const server = await startHttp1Server(createApp({}, webSockets))
    const opened = await Promise.all(Array.from({ length: 3 }, () => openWebSocket(server)))
    const closes = Promise.all(opened.map(({ client }) => closeOf(client)))
    const drained = webSockets.closeAsync({ closeStatusDescription: 'restart' })
    const again = webSockets.closeAsync({ closeStatus: 1012 })
    expect((await refusedWebSocket(server)).status).toBe(503)
    expect(await closes).toEqual(Array.from({ length: 3 }, () => [1001, 'restart']))
    expect(await drained).toEqual({ closed: 3, aborted: 0, unreceived: 0 })
    expect(await again).toEqual({ closed: 3, aborted: 0, unreceived: 0 })
    expect(webSockets.connections).toBe(0)
    expect(await useWebSockets().closeAsync()).toEqual({ closed: 0, aborted: 0, unreceived: 0 })
  })

  it('aborts those that have not answered when the time-out is over', async () => {
    const webSockets = useWebSockets()
    const server = await startHttp1Server(createApp({}, webSockets))
    const silent = await RawHttp1Client.connect(server)
    silent.write(handshakeHead())
    await silent.receiveHead()
    const { client } = await openWebSocket(server)
    const closed = closeOf(client)
    expect(await webSockets.closeAsync({ timeout: 100 })).toEqual({ closed: 1, aborted: 1, unreceived: 0 })
    expect(await closed).toEqual([1001, ''])
    expect(await silent.end()).toBe('ECONNRESET')
  })

  it('closes one that was being accepted, and counts only those that were open', async () => {
    const webSockets = useWebSockets()
    const gate = new Gate()
    const app = createApp({}, webSockets)
    const accepting = new Gate()
    const late = express().use((_req, res, next) => {
      const end = res.end.bind(res) as (...values: unknown[]) => Response
      // As a session does, whose store is slow.
      res.end = (...values: unknown[]) => {
        void gate.opened.then(() => end(...values))
        accepting.open()
        return res
      }
      next()
    })
    late.use(app)
    const server = await startHttp1Server((req, res) => (req.url === '/ws' ? app(req, res) : late(req, res)))
    const [open, opening] = [await RawHttp1Client.connect(server), await RawHttp1Client.connect(server)]
    open.write(handshakeHead())
    await open.receiveHead()
    opening.write(handshakeHead().replace('/ws ', '/ws?late '))
    await accepting.opened
    const drained = webSockets.closeAsync({ timeout: 100 })
    gate.open()

    expect(await opening.receiveHead()).toMatch(/^HTTP\/1\.1 101 /)
    expect(await drained).toEqual({ closed: 0, aborted: 1, unreceived: 0 })
    expect([await open.end(), await opening.end()]).toEqual(['ECONNRESET', 'ECONNRESET'])
  })

  it('spreads the Close frames over the given time', async () => {
    const webSockets = useWebSockets()
    const server = await startHttp1Server(createApp({}, webSockets))
    const opened = await Promise.all(Array.from({ length: 4 }, () => openWebSocket(server)))
    const startedAt = performance.now()
    const times = Promise.all(opened.map(async ({ client }) => closeOf(client).then(() => performance.now() - startedAt)))
    expect(await webSockets.closeAsync({ spread: 200 })).toEqual({ closed: 4, aborted: 0, unreceived: 0 })
    const sorted = (await times).toSorted((a, b) => a - b)
    for (const [index, least] of [0, 50, 100, 150].entries()) expect(sorted[index]).toBeGreaterThan(least - 2)
  })

  it('refuses a request that arrived before and is accepted after', async () => {
    const webSockets = useWebSockets()
    const app = express()
    app.use(webSockets)
    app.all('/ws', async (req, res) => {
      await webSockets.closeAsync()
      res.send(await req.webSockets.acceptWebSocketAsync().catch((error: { code: string }) => error.code))
    })
    expect(await refusedWebSocket(await startHttp1Server(app))).toMatchObject({ status: 200, body: 'ERR_WEBSOCKET_SERVER_CLOSING' })
  })

  it.each<[Record<string, unknown>, string, string]>([
    [{ timeout: -1 }, 'ERR_WEBSOCKET_INVALID_OPTION', 'timeout'],
    [{ spread: Infinity }, 'ERR_WEBSOCKET_INVALID_OPTION', 'spread'],
    [{ closeStatus: 1005 }, 'ERR_WEBSOCKET_INVALID_ARGUMENT', 'closeStatus'],
    [{ closeStatusDescription: 'x'.repeat(124) }, 'ERR_WEBSOCKET_INVALID_ARGUMENT', 'closeStatusDescription'],
    [{ timeOut: 1 }, 'ERR_WEBSOCKET_INVALID_OPTION', 'timeOut'],
  ])('rejects %j and closes nothing', async (options, code, argument) => {
    const webSockets = useWebSockets()
    await expect(webSockets.closeAsync(options)).rejects.toMatchObject({ code, argument })
    await openWebSocket(await startHttp1Server(createApp({}, webSockets)))
  })
})

function raise(): never {
  throw new Error('no database')
}
