import { afterEach, describe, expect, it } from '@jest/globals'
import { subscribe, unsubscribe } from 'node:diagnostics_channel'
import { once } from 'node:events'
import { createServer } from 'node:http'
import type { ServerOptions } from 'node:http'
import type { Socket } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import express from 'express'
import type { Express, Request, Response } from 'express'
import { useWebSockets, WebSocketState } from 'express-use-websockets'
import type { ManagedWebSocket } from 'express-use-websockets'
import { Gate } from '../../support/gate.ts'
import { closeHttp1Peers } from '../../support/http1-peers.ts'
import { http1Starts, startHttp1Server } from '../../support/http1-server.ts'
import { rawFrame } from '../../support/raw-frames.ts'
import { handshakeHead, RawHttp1Client } from '../../support/raw-http1.ts'
import { until } from '../../support/until.ts'
import { nextMessage, openWebSocket } from '../../support/web-socket-client.ts'

afterEach(closeHttp1Peers)

const OTHER = 'GET /other HTTP/1.1\r\nHost: server.example\r\n\r\n'

/** An application that records the requests that reach its routes. */
interface NotingApp {
  readonly app: Express
  readonly reached: string[]
}

/** `/ws` decides when its gate is open. Every other route answers with its path. */
function createApp(decide: (req: Request, res: Response) => Promise<void> | void = acceptAndEcho): NotingApp {
  const reached: string[] = []
  const app = express()
  app.use((req, _res, next) => {
    reached.push(req.url)
    next()
  })
  app.use(useWebSockets())
  app.all('/ws', decide)
  app.use((req, res) => void res.send(`this is ${req.url}`))
  return { app, reached }
}

async function acceptAndEcho(req: Request): Promise<void> {
  await echo(await req.webSockets.acceptWebSocketAsync())
}

async function echo(webSocket: ManagedWebSocket): Promise<void> {
  try {
    for await (const message of webSocket) await webSocket.sendAsync(message)
    await webSocket.closeOutputAsync(webSocket.closeStatus ?? 1000)
  } catch (error) {
    if (webSocket.state !== WebSocketState.Aborted) throw error
  }
}

const SLOW = OTHER.replace('other', 'slow')
const serverText = (text: string): Buffer => rawFrame(1, text, { mask: false })
const serverClose = (code: number): Buffer => rawFrame(8, Buffer.of(code >> 8, code & 255), { mask: false })

describe.each(http1Starts)('a connection over %s', (_, start) => {
  it('carries only the WebSocket after the 101: a request sent on it reaches no route', async () => {
    const { app, reached } = createApp()
    const client = await RawHttp1Client.connect(await start(app))
    client.write(handshakeHead())
    await client.receiveHead()
    client.write(OTHER)
    await client.receive(serverClose(1002))
    expect(await client.end()).toBe('fin')
    expect(client.received.toString('latin1')).toBe('')
    expect(reached).toEqual(['/ws'])
  })

  it('passes bytes that arrive before the accept to the WebSocket, in order', async () => {
    const gate = new Gate()
    const { app, reached } = createApp(async (req) => {
      await gate.opened
      await acceptAndEcho(req)
    })
    const client = await RawHttp1Client.connect(await start(app))
    client.write(handshakeHead(), rawFrame(1, 'one'), rawFrame(1, 'two').subarray(0, 3))
    client.write(rawFrame(1, 'two').subarray(3))
    client.write(rawFrame(1, 'three'))
    await until(() => reached.length === 1)
    gate.open()
    await client.receiveHead()
    expect(await client.receive(serverText('three'))).toBe(
      ['one', 'two', 'three'].map((text) => serverText(text).toString('latin1')).join(''),
    )
    client.write(rawFrame(1, 'four'))
    await client.receive(serverText('four'))
  })

  it('drops the bytes after a refused handshake, and ends after the answer', async () => {
    const gate = new Gate()
    const { app, reached } = createApp(async (_req, res) => {
      await gate.opened
      res.status(401).send('refused')
    })
    const client = await RawHttp1Client.connect(await start(app))
    client.write(handshakeHead(), OTHER)
    client.write(OTHER)
    await until(() => reached.length > 0)
    gate.open()
    expect(await client.receive('refused')).toMatch(/^HTTP\/1\.1 401 .*\r\nConnection: close\r\n/s)
    await client.end()
    expect(client.received.toString('latin1')).toBe('')
    expect(reached).toEqual(['/ws'])
  })

  it('outlives the time-outs of HTTP', async () => {
    const options: ServerOptions = { headersTimeout: 50, requestTimeout: 100, keepAliveTimeout: 50, connectionsCheckingInterval: 20 }
    const server = await start(createApp().app, options)
    server.server.timeout = 50
    const { client } = await openWebSocket(server)
    const startedAt = Date.now()
    for (let count = 0; Date.now() - startedAt < 600; count++) {
      client.send(String(count))
      expect(await nextMessage(client)).toBe(String(count))
    }
    // Longer than any of them.
    await new Promise((resolve) => setTimeout(resolve, 300))
    client.send('still there')
    expect(await nextMessage(client)).toBe('still there')
  })

  it("keeps its server from closing until the socket has completed, and emits 'close' on its response once", async () => {
    const events: string[] = []
    const { app } = createApp(async (req, res) => {
      for (const event of ['finish', 'close']) res.on(event, () => events.push(event))
      await acceptAndEcho(req)
    })
    const server = await start(app)
    const { client } = await openWebSocket(server)
    const closed = new Promise((resolve) => server.server.close(resolve))
    server.server.closeIdleConnections()
    client.send('hello')
    expect(await nextMessage(client)).toBe('hello')
    expect(events).toEqual([])
    client.close()
    await closed
    await until(() => events.length === 2)
    await new Promise((resolve) => setImmediate(resolve))
    expect(events.toSorted()).toEqual(['close', 'finish'])
  })

  it("emits 'finish' on its response once, for tracing, when the socket has completed", async () => {
    const published: unknown[] = []
    const note = (message: unknown): void => void published.push(message)
    const exchanges: { readonly request: Request; readonly response: Response; readonly socket: Socket }[] = []
    const { app } = createApp(async (request, response) => {
      exchanges.push({ request, response, socket: request.socket })
      await acceptAndEcho(request)
    })
    const { server, ...address } = await start(app)
    const { client } = await openWebSocket(address)
    subscribe('http.server.response.finish', note)
    client.send('hello')
    expect(await nextMessage(client)).toBe('hello')
    expect(published).toEqual([])
    client.close()
    await until(() => published.length > 0)
    await new Promise((resolve) => setImmediate(resolve))
    unsubscribe('http.server.response.finish', note)
    expect(published).toHaveLength(1)
    for (const [name, value] of Object.entries({ ...exchanges[0], server }))
      expect((published[0] as Record<string, unknown>)[name]).toBe(value)
    expect(exchanges[0]?.response.writableFinished).toBe(true)
  })
})

describe('a client that sends frames before the 101', () => {
  it.each([
    ['in one segment', (head: string) => [head + FRAME]],
    ['in two, cut before the frame', (head: string) => [head, FRAME]],
    ['cut before the last line feed', (head: string) => [head.slice(0, -1), `\n${FRAME}`]],
    ['cut within the empty line', (head: string) => [head.slice(0, -2), `\r\n${FRAME}`]],
    ['cut before the empty line', (head: string) => [head.slice(0, -3), `\n\r\n${FRAME}`]],
    ['cut after the last field', (head: string) => [head.slice(0, -4), `\r\n\r\n${FRAME}`]],
    ['cut within the last field', (head: string) => [head.slice(0, -5), `${head.slice(-5)}${FRAME}`]],
    ['cut within the key', (head: string) => [head.slice(0, head.indexOf('Key') + 10), `${head.slice(head.indexOf('Key') + 10)}${FRAME}`]],
    ['cut after the request line', (head: string) => [head.slice(0, 20), `${head.slice(20)}${FRAME}`]],
    ['after another request', (head: string) => [`${OTHER}${head}${FRAME}`]],
    ['after another request, cut', (head: string) => [`${OTHER}${head.slice(0, 60)}`, `${head.slice(60)}${FRAME}`]],
  ])('is served if its first frame arrives %s', async (_, split) => {
    const client = await RawHttp1Client.connect(await startHttp1Server(createApp().app))
    for (const part of split(handshakeHead())) {
      await new Promise((resolve) => client.socket.write(Buffer.from(part, 'latin1'), resolve))
      // So that it is a separate segment.
      await new Promise((resolve) => setImmediate(resolve))
    }
    await client.receive('HTTP/1.1 101 ')
    expect(await client.receive(serverText('hasty'))).toContain('hasty')
  })

  it('is served if it sends one byte at a time, and white space after its last field', async () => {
    const client = await RawHttp1Client.connect(await startHttp1Server(createApp().app))
    await client.trickle(handshakeHead({ 'Sec-WebSocket-Version': '13 \t' }) + FRAME)
    await client.receive('HTTP/1.1 101 ')
    expect(await client.receive(serverText('hasty'))).toContain('hasty')
    const other = await RawHttp1Client.connect(await startHttp1Server(createApp().app))
    other.write(Buffer.from(handshakeHead({ 'Sec-WebSocket-Version': '13 \t' }) + FRAME, 'latin1'))
    expect(await other.receive(serverText('hasty'))).toContain('hasty')
  })

  it('has to wait while the application decides, and loses nothing', async () => {
    const gate = new Gate()
    const sockets: Socket[] = []
    const { app } = createApp(async (req) => {
      sockets.push(req.socket)
      await gate.opened
      await acceptAndEcho(req)
    })
    const client = await RawHttp1Client.connect(await startHttp1Server(app))
    const content = Array.from({ length: 8 }, (_, index) => Buffer.alloc(1 << 18, `${index}`))
    client.write(handshakeHead(), ...content.map((bytes) => rawFrame(2, bytes)))
    await until(() => sockets[0]?.isPaused() === true)
    expect(sockets[0]?.bytesRead).toBeLessThan(1 << 18)
    gate.open()
    await client.receiveHead()
    for (const bytes of content) await client.receive(rawFrame(2, bytes, { mask: false }))
  })

  it('gets no answer if it ends its side before, and nothing leaks', async () => {
    const gate = new Gate()
    const { app } = createApp(async (req, res) => {
      await gate.opened
      await new Promise((resolve) => req.socket.once('close', resolve))
      await req.webSockets.acceptWebSocketAsync().catch((error: { code: string }) => codes.push(error.code))
      res.end()
    })
    const codes: unknown[] = []
    const server = await startHttp1Server(app)
    const client = await RawHttp1Client.connect(server)
    client.write(handshakeHead(), rawFrame(1, 'hasty'))
    client.socket.end()
    gate.open()
    expect(await client.end()).toBe('fin')
    expect(codes).toEqual(['ERR_WEBSOCKET_CLIENT_GONE'])
    await new Promise((resolve) => server.server.close(resolve))
  })

  const FRAME = rawFrame(1, 'hasty').toString('latin1')
})

describe('behind an asynchronous middleware', () => {
  it('accepts a client that waits for the answer, on a new and on a used connection', async () => {
    const gate = new Gate()
    gate.open()
    const client = await RawHttp1Client.connect(await startHttp1Server(createLateApp(gate)))
    client.write(OTHER)
    await client.receive('this is /other')
    client.write(handshakeHead())
    await client.receive('HTTP/1.1 101 ')
    client.write(rawFrame(1, 'hello'))
    expect(await client.receive(serverText('hello'))).toContain('hello')
  })

  it('serves a client that sent its first frame with the handshake', async () => {
    const gate = new Gate()
    gate.open()
    const client = await RawHttp1Client.connect(await startHttp1Server(createLateApp(gate)))
    client.write(handshakeHead(), rawFrame(1, 'hasty'))
    expect(await client.receive(serverText('hasty'))).toContain('hasty')
  })

  it('refuses a client that sent more in the meantime, says why, and ends the connection', async () => {
    const gate = new Gate()
    const server = await startHttp1Server(createLateApp(gate))
    const client = await RawHttp1Client.connect(server)
    client.write(handshakeHead())
    const [request] = await once(server.server, 'request')
    client.write(rawFrame(1, 'hasty'))
    await until(() => (request as Request).socket.bytesRead > handshakeHead().length)
    gate.open()
    const response = await client.receive('use it before other middleware.')
    expect(response).toMatch(/^HTTP\/1\.1 400 /)
    expect(response).toContain('Connection: close\r\n')
    expect(await client.end()).toBe('fin')
  })
})

describe('a handshake pipelined behind a slow request', () => {
  it('is accepted after it', async () => {
    const gate = new Gate()
    const client = await RawHttp1Client.connect(await startHttp1Server(createSlowApp(gate)))
    client.write(SLOW, handshakeHead(), rawFrame(1, 'hasty'))
    await until(() => client.socket.writableLength === 0)
    gate.open()
    const first = await client.receive('slow')
    expect(first).toMatch(/^HTTP\/1\.1 200 /)
    expect(await client.receiveHead()).toMatch(/^HTTP\/1\.1 101 /)
    expect(await client.receive(serverText('hasty'))).toContain('hasty')
  })

  it.each([
    ['when the client leaves', 'ERR_WEBSOCKET_CLIENT_GONE', (client: RawHttp1Client) => client.socket.destroy()],
    ['when its signal is aborted', 'ABORT_ERR', (_: RawHttp1Client, controller: AbortController) => controller.abort('late')],
  ])('is abandoned %s', async (_, expected, end) => {
    const controller = new AbortController()
    const attempts: Promise<unknown>[] = []
    const app = createSlowApp(new Gate(), async (req) => {
      attempts.push(req.webSockets.acceptWebSocketAsync({ signal: controller.signal }).catch((error: { code: string }) => error.code))
    })
    const client = await RawHttp1Client.connect(await startHttp1Server(app))
    client.write(SLOW, handshakeHead())
    await until(() => attempts.length === 1)
    end(client, controller)
    expect(await attempts[0]).toBe(expected)
  })
})

describe('other kinds of connections', () => {
  it('accept and abort on a Unix socket', async () => {
    const server = createServer(
      createApp(async (req) => {
        const webSocket = await req.webSockets.acceptWebSocketAsync()
        for await (const message of webSocket) if (message === 'abort') webSocket.abort()
      }).app,
    )
    const path = join(tmpdir(), `use-websockets-${process.pid}.sock`)
    server.listen(path)
    await once(server, 'listening')
    const client = await RawHttp1Client.connect({ path })
    client.write(handshakeHead())
    await client.receiveHead()
    client.write(rawFrame(1, 'abort'))
    expect(await client.end()).toBe('fin')
    await new Promise((resolve) => server.close(resolve))
  })
})

/** The middleware runs late, as it does behind a session store. */
function createLateApp(gate: Gate): Express {
  const app = express()
  app.use((_req, _res, next) => {
    void gate.opened.then(() => setImmediate(next))
  })
  app.use(useWebSockets())
  app.all('/ws', async (req, res) => {
    if (req.webSockets.isWebSocketRequest) await acceptAndEcho(req)
    else res.status(400).send(`refused: ${req.webSockets.refusal}.`)
  })
  app.use((req, res) => void res.send(`this is ${req.url}`))
  return app
}

/** `/slow` answers when the gate is open. */
function createSlowApp(gate: Gate, attempt: (req: Request) => Promise<unknown> = acceptAndEcho): Express {
  const app = express()
  app.use(useWebSockets())
  app.get('/slow', async (_req, res) => {
    await gate.opened
    res.send('slow')
  })
  app.all('/ws', async (req) => void (await attempt(req)))
  return app
}
