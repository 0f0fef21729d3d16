import { afterEach, describe, expect, it } from '@jest/globals'
import { AsyncLocalStorage } from 'node:async_hooks'
import { channel } from 'node:diagnostics_channel'
import { on, once } from 'node:events'
import { createServer } from 'node:http'
import { setImmediate as nextTurn } from 'node:timers/promises'
import { constants, deflateRawSync } from 'node:zlib'
import express from 'express'
import type { ErrorRequestHandler, Express, NextFunction, Request, Response } from 'express'
import { attachWebSockets, useWebSockets, WebSocketState } from 'express-use-websockets'
import type {
  WebSocketAcceptContext,
  WebSocketAcceptEvent,
  WebSocketCloseEvent,
  WebSocketErrorEvent,
  WebSocketException,
  WebSocketMiddleware,
  WebSocketOptions,
} from 'express-use-websockets'
import { requestWebSocket } from 'express-use-websockets/testing'
import { acceptWsWebSocketAsync, webSocketServerHandler } from 'express-use-websockets/ws'
import { WebSocket, WebSocketServer } from 'ws'
import type { ServerOptions } from 'ws'
import { Gate } from './support/gate.ts'
import { closeHttp1Peers } from './support/http1-peers.ts'
import { startHttp1Server, startHttpsServer } from './support/http1-server.ts'
import { closeHttp2Peers, connectHttp2, startHttp2Server } from './support/http2-peers.ts'
import { openHttp2WebSocket } from './support/http2-web-sockets.ts'
import { closePayload, parseFrames, rawFrame } from './support/raw-frames.ts'
import { handshakeHead, RawHttp1Client } from './support/raw-http1.ts'
import { until } from './support/until.ts'
import { closeOf, nextMessage, openWebSocket, refusedWebSocket } from './support/web-socket-client.ts'
import { openRawPeer } from './ws/raw-peers.ts'

const { Z_SYNC_FLUSH } = constants

afterEach(async () => {
  closeHttp1Peers()
  await closeHttp2Peers()
  // Events of these sockets must not count as events of the next test.
  await until(() => used.every(({ connections }) => connections === 0))
  used.length = 0
})

const used: WebSocketMiddleware[] = []

type Handler = (request: Request, response: Response, next: NextFunction) => unknown

function createApp(handler: Handler, options?: WebSocketOptions, webSockets = useWebSockets(options)): Express {
  const app = express()
  app.set('env', 'test')
  app.use(webSockets)
  used.push(webSockets)
  app.all('/ws', async (req, res, next) => void (await handler(req, res, next)))
  const onError: ErrorRequestHandler = (error: WebSocketException, _req, res: Response, _next) => {
    res.status(error.status ?? 500).send(error.code)
  }
  app.use(onError)
  return app
}

function echo(ws: WebSocket): void {
  ws.on('message', (data, isBinary) => ws.send(data, { binary: isBinary }))
}

async function acceptAndEcho(request: Request): Promise<void> {
  echo(await acceptWsWebSocketAsync(request))
}

/** An application that accepts at `/ws`, and its first accepted socket. */
function createAppWithSocket(context?: WebSocketAcceptContext, options?: WebSocketOptions): { app: Express; accepted: Promise<WebSocket> } {
  let resolve: (ws: WebSocket) => void
  const accepted = new Promise<WebSocket>((settle) => {
    resolve = settle
  })
  const app = createApp(async (req) => resolve(await acceptWsWebSocketAsync(req, context)), options)
  return { app, accepted }
}

/** Faster than Jest, which compares bytes one by one and takes seconds per megabyte. */
function isSame(received: string | Buffer | undefined, sent: string | Buffer): boolean {
  return typeof sent === 'string' ? received === sent : Buffer.isBuffer(received) && received.equals(sent)
}

/** The events published while the test runs. */
function record<Event>(name: string): Event[] {
  const events: Event[] = []
  const listener = (event: unknown): void => void events.push(event as Event)
  channel(name).subscribe(listener)
  subscriptions.push(() => channel(name).unsubscribe(listener))
  return events
}

/** Waits, turn by turn of the event loop, until a value no longer changes. */
async function untilStill(value: () => number): Promise<void> {
  let last = value()
  for (let turn = 0; turn < 100; turn++) {
    await nextTurn()
    if (value() === last) continue
    last = value()
    turn = 0
  }
}

/** The errors of the events. Events themselves refer to the server, which is too much for a failure report. */
function codesOf(events: readonly WebSocketErrorEvent[]): string[] {
  return events.map(({ error }) => (error as WebSocketException).code)
}

const subscriptions: (() => void)[] = []

afterEach(() => {
  for (const end of subscriptions.splice(0)) end()
})

describe.each(['http/1.1', 'h2'] as const)('acceptWsWebSocketAsync over %s', (protocol) => {
  it('returns a WebSocket of ws, which exchanges messages of every size', async () => {
    const { app, accepted } = createAppWithSocket()
    await using answer = await requestWebSocket(app, '/ws', { protocol })
    const ws = await accepted
    echo(ws)
    expect(ws).toBeInstanceOf(WebSocket)
    expect(ws.readyState).toBe(WebSocket.OPEN)
    for (const message of ['text', '', Buffer.from([1, 2, 3]), 'x'.repeat(1_000_000), Buffer.alloc(1_000_000, 7)]) {
      await answer.webSocket.sendAsync(message)
      expect(isSame(await answer.nextMessage(), message)).toBe(true)
    }
  })

  it('completes the close handshake from either side', async () => {
    const { app, accepted } = createAppWithSocket()
    await using answer = await requestWebSocket(app, '/ws', { protocol })
    const closed = once(await accepted, 'close')
    await answer.webSocket.closeAsync(3001, 'bye')
    expect(await closed).toEqual([3001, Buffer.from('bye')])
    expect(await answer.webSocket.completion).toMatchObject({ wasClean: true })

    const other = createAppWithSocket()
    await using second = await requestWebSocket(other.app, '/ws', { protocol })
    const ws = await other.accepted
    ws.close(3002, 'enough')
    expect(await second.nextMessage()).toBeUndefined()
    await second.webSocket.closeOutputAsync(1000)
    expect(await second.webSocket.completion).toMatchObject({ closeStatus: 3002, closeStatusDescription: 'enough', wasClean: true })
    if (ws.readyState !== WebSocket.CLOSED) await once(ws, 'close')
  })

  it('sends everything written before close(), even if the client has read nothing yet', async () => {
    const { app, accepted } = createAppWithSocket()
    await using answer = await requestWebSocket(app, '/ws', { protocol })
    const ws = await accepted
    const messages = [Buffer.alloc(3_000_000, 1), 'y'.repeat(300_000), 'last']
    for (const message of messages) ws.send(message)
    ws.close(1000)
    for (const message of messages) expect(isSame(await answer.nextMessage(), message)).toBe(true)
    expect(await answer.nextMessage()).toBeUndefined()
  })

  it('leaves the response unfinished until the socket has closed, and counts the socket until then', async () => {
    const webSockets = useWebSockets()
    const order: string[] = []
    const app = createApp(
      async (req, res) => {
        res.once('finish', () => order.push('response'))
        echo(await acceptWsWebSocketAsync(req))
        res.end('not in earnest')
      },
      {},
      webSockets,
    )
    await using answer = await requestWebSocket(app, '/ws', { protocol })
    // Ending the response of an accepted request is a failure of the pipeline.
    expect(await answer.nextMessage()).toBeUndefined()
    expect(answer.webSocket.closeStatus).toBe(1011)
    expect(order).toEqual([])
    expect(webSockets.connections).toBe(1)
    await answer.webSocket.closeOutputAsync(1000)
    await until(() => webSockets.connections === 0)
    await until(() => order.length > 0)
  })

  it('destroys the connection on terminate()', async () => {
    const { app, accepted } = createAppWithSocket()
    await using answer = await requestWebSocket(app, '/ws', { protocol })
    const ws = await accepted
    const closed = once(ws, 'close')
    ws.terminate()
    expect(await closed).toEqual([1006, Buffer.alloc(0)])
    expect(await answer.webSocket.completion).toMatchObject({ closeStatus: 1006, wasClean: false })
  })

  it('closes with 1011 if the pipeline fails after the accept', async () => {
    const app = createApp(async (req, _res, next) => {
      echo(await acceptWsWebSocketAsync(req))
      await nextTurn()
      next(new Error('after accept'))
    })
    await using answer = await requestWebSocket(app, '/ws', { protocol })
    await answer.nextMessage()
    expect(answer.webSocket.closeStatus).toBe(1011)
  })

  it('answers with the selected sub-protocol, and sets it on the socket', async () => {
    const { app, accepted } = createAppWithSocket({ subProtocol: 'v2' })
    await using answer = await requestWebSocket(app, '/ws', { protocol, subProtocols: ['v1', 'v2'] })
    expect(answer.headers['sec-websocket-protocol']).toBe('v2')
    expect((await accepted).protocol).toBe('v2')
  })

  it('keeps events that arrive before there is a listener for them, in order', async () => {
    const { app, accepted } = createAppWithSocket()
    await using answer = await requestWebSocket(app, '/ws', { protocol })
    const ws = await accepted
    const pongs = on(ws, 'ping')
    for (const text of ['one', 'two', 'three']) await answer.webSocket.sendAsync(text)
    // Answered without a listener, after the three messages.
    await answer.webSocket.pingAsync()
    await pongs.next()
    const received: string[] = []
    for (let count = 0; count < 3; count++) received.push(String((await once(ws, 'message'))[0]))
    expect(received).toEqual(['one', 'two', 'three'])
  })

  it('applies back pressure to a client that sends more than 64 KiB before there is a listener, and loses nothing', async () => {
    const { app, accepted } = createAppWithSocket()
    await using answer = await requestWebSocket(app, '/ws', { protocol })
    const ws = await accepted
    const count = 2000
    let sent = 0
    const all = Promise.all(
      Array.from({ length: count }, async (_, index) => {
        await answer.webSocket.sendAsync(Buffer.alloc(10_000, index))
        sent++
      }),
    )
    await untilStill(() => sent)
    expect(sent).toBeLessThan(count)
    const received: number[] = []
    ws.on('message', (data: Buffer) => received.push(data[0] ?? -1))
    await all
    await until(() => received.length === count)
    expect(received).toEqual(Array.from({ length: count }, (_, index) => index % 256))
  })

  it('detects that a client has left after sending much data without a listener', async () => {
    const { app, accepted } = createAppWithSocket()
    await using answer = await requestWebSocket(app, '/ws', { protocol })
    const ws = await accepted
    void answer.webSocket.sendAsync(Buffer.alloc(100_000))
    void answer.webSocket.closeOutputAsync(3001)
    await untilStill(() => answer.webSocket.bufferedAmount)
    expect(ws.readyState).toBe(WebSocket.OPEN)
    ws.close(1000)
    await answer.nextMessage()
    expect(await once(ws, 'close')).toEqual([3001, Buffer.alloc(0)])
  })

  it('emits close to a late listener, after the messages', async () => {
    const webSockets = useWebSockets()
    let ws: WebSocket | undefined
    const app = createApp(async (req) => void (ws = await acceptWsWebSocketAsync(req)), {}, webSockets)
    await using answer = await requestWebSocket(app, '/ws', { protocol })
    await answer.webSocket.sendAsync('last words')
    await answer.webSocket.closeAsync(3001)
    await until(() => webSockets.connections === 0)
    const events: unknown[] = []
    ws?.on('close', (code) => events.push(code))
    ws?.on('message', (data: Buffer) => events.push(String(data)))
    await until(() => events.length === 2)
    expect(events).toEqual(['last words', 3001])
  })

  it('negotiates compression as for a ManagedWebSocket', async () => {
    const { app, accepted } = createAppWithSocket({ dangerousEnableCompression: true, serverMaxWindowBits: 10 })
    const headers = { 'Sec-WebSocket-Extensions': 'permessage-deflate; client_max_window_bits' }
    await using answer = await requestWebSocket(app, '/ws', { protocol, headers })
    expect(answer.headers['sec-websocket-extensions']).toBe('permessage-deflate; client_max_window_bits=15; server_max_window_bits=10')
    expect((await accepted).extensions).toBe('permessage-deflate')
  })

  it('closes with 1001 when the middleware closes, and aborts clients that do not answer', async () => {
    const webSockets = useWebSockets()
    await using answer = await requestWebSocket(createApp(acceptAndEcho, {}, webSockets), '/ws', { protocol })
    const drained = webSockets.closeAsync()
    expect(await answer.nextMessage()).toBeUndefined()
    expect(answer.webSocket.closeStatus).toBe(1001)
    await answer.webSocket.closeOutputAsync(1001)
    expect(await drained).toEqual({ closed: 1, aborted: 0, unreceived: 0 })

    const impatient = useWebSockets()
    await using silent = await requestWebSocket(createApp(acceptAndEcho, {}, impatient), '/ws', { protocol })
    expect(await impatient.closeAsync({ timeout: 20 })).toEqual({ closed: 0, aborted: 1, unreceived: 0 })
    expect(await silent.webSocket.completion).toMatchObject({ wasClean: false })
  })

  it.each([undefined, 'permessage-deflate'])(
    'answers everything that a client sent before it ended its side with its Close frame, with extensions %s',
    async (extensions) => {
      const app = createApp(async (req) => echo(await acceptWsWebSocketAsync(req, { dangerousEnableCompression: true })))
      const peer = await openRawPeer(protocol === 'h2' ? 'h2' : 'http', app, extensions)
      const text = 'to be inflated '.repeat(5000)
      const payload = extensions === undefined ? Buffer.from(text) : deflateRawSync(text, { finishFlush: Z_SYNC_FLUSH }).subarray(0, -4)
      const message = rawFrame(1, payload, { reserved: extensions === undefined ? 0 : 4 })
      void peer.send(...Array.from({ length: 50 }, () => message), rawFrame(8, closePayload(4000, 'done')))
      peer.end()
      peer.duplex.resume()
      const frames = await peer.remainingFrames()
      expect(frames.map(({ opcode }) => opcode)).toEqual([...Array.from({ length: 50 }, () => 1), 8])
      expect(frames.at(-1)?.payload).toEqual(closePayload(4000, 'done'))
      expect(await peer.ended).toBe('end')
    },
  )

  it('ends its side if the client does so without a Close frame, after the answers to earlier messages', async () => {
    const { app, accepted } = createAppWithSocket({ dangerousEnableCompression: true })
    const peer = await openRawPeer(protocol === 'h2' ? 'h2' : 'http', app, 'permessage-deflate')
    const ws = await accepted
    ws.on('message', (data) => ws.send(data, { compress: false }))
    const payload = deflateRawSync('to be inflated '.repeat(5000), { finishFlush: Z_SYNC_FLUSH }).subarray(0, -4)
    void peer.send(...Array.from({ length: 10 }, () => rawFrame(1, payload, { reserved: 4 })))
    const closed = once(ws, 'close')
    peer.end()
    peer.duplex.resume()
    expect((await peer.remainingFrames()).map(({ opcode }) => opcode)).toEqual(Array.from({ length: 10 }, () => 2))
    expect(await closed).toEqual([1006, Buffer.alloc(0)])
  })

  it('publishes accept and close events, with the way in which the socket ended', async () => {
    const accepts = record<WebSocketAcceptEvent>('express-use-websockets:accept')
    const closes = record<WebSocketCloseEvent>('express-use-websockets:close')
    const errors = record<WebSocketErrorEvent>('express-use-websockets:error')
    const app = createApp(async (req) => echo(await acceptWsWebSocketAsync(req, 'chat')))
    await using answer = await requestWebSocket(app, '/ws', { protocol })
    expect(accepts.map(({ request }) => request.url)).toEqual(['/ws'])
    const { bufferedAmount, isCompressed, state, subProtocol } = accepts[0]?.webSocket ?? {}
    expect({ bufferedAmount, isCompressed, state, subProtocol }).toEqual({
      bufferedAmount: 0,
      isCompressed: false,
      state: WebSocketState.Open,
      subProtocol: 'chat',
    })
    await answer.webSocket.closeAsync(3001, 'bye')
    await until(() => closes.length > 0)
    const completion = { closeStatus: 3001, closeStatusDescription: 'bye', wasClean: true, endedBy: 'remote', error: undefined }
    expect(closes.map((event) => [event.request.url, event.completion])).toEqual([['/ws', completion]])
    expect(closes[0]?.duration).toBeGreaterThan(0)
    expect(closes[0]?.webSocket).toBe(accepts[0]?.webSocket)
    expect(errors).toEqual([])
  })

  it('closes with 1009 for a message that is too long, and needs no error listener', async () => {
    const errors = record<WebSocketErrorEvent>('express-use-websockets:error')
    const { app, accepted } = createAppWithSocket({ maxMessageSize: 1000 })
    await using answer = await requestWebSocket(app, '/ws', { protocol })
    await accepted
    await answer.webSocket.sendAsync(Buffer.alloc(1001))
    expect(await answer.nextMessage()).toBeUndefined()
    expect(answer.webSocket.closeStatus).toBe(1009)
    await answer.webSocket.closeOutputAsync(1000)
    await until(() => errors.length > 0)
    expect(codesOf(errors)).toEqual(['ERR_WEBSOCKET_MESSAGE_TOO_BIG'])
  })

  it('aborts a client that does not read, above maxBufferedAmount', async () => {
    const errors = record<WebSocketErrorEvent>('express-use-websockets:error')
    const { app, accepted } = createAppWithSocket({ maxBufferedAmount: 1_000_000 })
    await using _answer = await requestWebSocket(app, '/ws', { protocol })
    const ws = await accepted
    for (let count = 0; count < 1000 && errors.length === 0; count++) {
      ws.send(Buffer.alloc(100_000))
      if (count % 50 === 0) await nextTurn()
    }
    await until(() => errors.length > 0)
    expect(codesOf(errors)).toEqual(['ERR_WEBSOCKET_TOO_SLOW'])
  })
})

describe('acceptWsWebSocketAsync', () => {
  it.each([
    ['http', startHttp1Server],
    ['https', startHttpsServer],
  ] as const)('serves a client of ws over %s, with compression if both sides enable it', async (_name, start) => {
    const app = createApp(async (req) => echo(await acceptWsWebSocketAsync(req, { dangerousEnableCompression: true })))
    const { client, response } = await openWebSocket(await start(app), '/ws', { perMessageDeflate: true })
    expect(response.headers['sec-websocket-extensions']).toMatch(/^permessage-deflate/)
    for (const text of ['hello', 'hello '.repeat(10_000)]) {
      client.send(text)
      expect(await nextMessage(client)).toBe(text)
    }
    client.close(3001, 'bye')
    expect(await closeOf(client)).toEqual([3001, 'bye'])
  })

  it('serves a client on a server with attachWebSockets', async () => {
    const app = createApp(acceptAndEcho)
    const server = await startHttp1Server(() => undefined)
    const theirs = new WebSocketServer({ server: server.server, path: '/theirs' })
    theirs.on('connection', (socket) => socket.send('theirs'))
    attachWebSockets(server.server, app, { filter: ({ url }) => url === '/ws' })
    const { client } = await openWebSocket(server)
    client.send('ours')
    expect(await nextMessage(client)).toBe('ours')
    expect(await nextMessage((await openWebSocket(server, '/theirs')).client)).toBe('theirs')
  })

  it('loses nothing that a client sends before the accept', async () => {
    const gate = new Gate()
    const app = createApp(async (req) => {
      await gate.opened
      const ws = await acceptWsWebSocketAsync(req)
      await nextTurn()
      echo(ws)
    })
    const server = await startHttp1Server(app)
    const client = await RawHttp1Client.connect(server)
    client.write(handshakeHead(), rawFrame(1, 'one'))
    await once(server.server, 'request')
    client.write(rawFrame(1, 'two'))
    gate.open()
    await client.receiveHead()
    client.write(rawFrame(1, 'three'))
    for (const text of ['one', 'two', 'three']) {
      const frame = rawFrame(1, text, { mask: false })
      expect(await client.receive(frame)).toBe(frame.toString('latin1'))
    }
  })

  it('rejects like acceptWebSocketAsync', async () => {
    const codes: unknown[] = []
    const note = (error: { readonly code: string }): void => void codes.push(error.code)
    const app = createApp(async (req, res) => {
      await acceptWsWebSocketAsync(req, { subProtocol: 'not a token' }).catch(note)
      await acceptWsWebSocketAsync(req, { signal: AbortSignal.abort() }).catch(note)
      if (!req.webSockets.isWebSocketRequest) {
        await acceptWsWebSocketAsync(req).catch(note)
        res.end()
        return
      }
      echo(await acceptWsWebSocketAsync(req))
      await acceptWsWebSocketAsync(req).catch(note)
    })
    const server = await startHttp1Server(app)
    await openWebSocket(server)
    expect(codes).toEqual(['ERR_WEBSOCKET_INVALID_ARGUMENT', 'ABORT_ERR', 'ERR_WEBSOCKET_ALREADY_ACCEPTED'])
    const raw = await RawHttp1Client.connect(server)
    raw.write('GET /ws HTTP/1.1\r\nHost: a\r\n\r\n')
    await raw.receiveResponse()
    expect(codes.at(-1)).toBe('ERR_WEBSOCKET_NOT_A_WEBSOCKET_REQUEST')

    const bare = express()
    bare.all('/ws', async (req, res) => {
      await acceptWsWebSocketAsync(req).catch(note)
      res.sendStatus(400)
    })
    await refusedWebSocket(await startHttp1Server(bare))
    expect(codes.at(-1)).toBe('ERR_WEBSOCKET_NOT_SUPPORTED')
  })

  it('is subject to the origins and the limit of the middleware', async () => {
    const server = await startHttp1Server(createApp(acceptAndEcho, { allowedOrigins: ['https://a.example'], maxConnections: 1 }))
    expect((await refusedWebSocket(server, '/ws', { origin: 'https://b.example' })).status).toBe(403)
    const { client } = await openWebSocket(server, '/ws', { origin: 'https://a.example' })
    expect((await refusedWebSocket(server)).status).toBe(503)
    client.close()
    await closeOf(client)
    await openWebSocket(server)
  })

  it('uses the keep-alive options of the middleware to ping, and aborts clients that do not answer', async () => {
    const errors = record<WebSocketErrorEvent>('express-use-websockets:error')
    const app = createApp(acceptAndEcho, { keepAliveInterval: 10, keepAliveTimeout: 30 })
    const server = await startHttp1Server(app)
    const { client } = await openWebSocket(server)
    for (let count = 0; count < 6; count++) await once(client, 'ping')
    expect(client.readyState).toBe(WebSocket.OPEN)
    const silent = await RawHttp1Client.connect(server)
    silent.write(handshakeHead())
    expect(await silent.end()).toBe('ECONNRESET')
    await until(() => errors.length > 0)
    expect(codesOf(errors)).toEqual(['ERR_WEBSOCKET_KEEP_ALIVE_TIMEOUT'])
  })

  it('does not ping a client that sends data all the time', async () => {
    const app = createApp(acceptAndEcho, { keepAliveInterval: 200, keepAliveTimeout: 1000 })
    const { client } = await openWebSocket(await startHttp1Server(app))
    let pings = 0
    client.on('ping', () => pings++)
    const since = performance.now()
    while (performance.now() - since < 600) {
      client.send('here')
      await nextMessage(client)
    }
    expect(pings).toBe(0)
  })

  it('does not abort a client that it does not read from', async () => {
    const { app, accepted } = createAppWithSocket({ keepAliveInterval: 5, keepAliveTimeout: 5 })
    const client = await RawHttp1Client.connect(await startHttp1Server(app))
    client.write(handshakeHead())
    const ws = await accepted
    ws.pause()
    const since = performance.now()
    await until(() => performance.now() - since > 60)
    client.write(rawFrame(1, 'alive'))
    ws.resume()
    expect(String((await once(ws, 'message'))[0])).toBe('alive')
  })

  it('aborts a client that does not answer its Close frame within closeTimeout', async () => {
    const closes = record<WebSocketCloseEvent>('express-use-websockets:close')
    const { app, accepted } = createAppWithSocket({ closeTimeout: 20 })
    const client = await RawHttp1Client.connect(await startHttp1Server(app))
    client.write(handshakeHead())
    const ws = await accepted
    ws.close(3001)
    await once(ws, 'close')
    await client.end()
    expect(closes.map(({ completion }) => completion)).toMatchObject([{ closeStatus: 1006, wasClean: false, endedBy: 'local' }])
  })

  it('accepts unlimited times and sizes', async () => {
    const context = { closeTimeout: Infinity, keepAliveInterval: Infinity, maxMessageSize: Infinity, maxBufferedAmount: Infinity }
    const app = createApp(async (req) => echo(await acceptWsWebSocketAsync(req, context)))
    const { client } = await openWebSocket(await startHttp1Server(app))
    client.send('hello')
    expect(await nextMessage(client)).toBe('hello')
    client.close()
    await closeOf(client)
  })

  it.each([
    ['breaks the protocol', rawFrame(3, ''), 1002, 'ERR_WEBSOCKET_PROTOCOL_ERROR'],
    ['sends invalid UTF-8', rawFrame(1, Buffer.of(0xff)), 1007, 'ERR_WEBSOCKET_INVALID_PAYLOAD'],
  ])('closes with the code, and publishes it, if a client %s', async (_, frame, status, code) => {
    const errors = record<WebSocketErrorEvent>('express-use-websockets:error')
    const client = await RawHttp1Client.connect(await startHttp1Server(createApp(acceptAndEcho)))
    client.write(handshakeHead(), frame)
    await client.receiveHead()
    client.socket.end()
    expect(await client.end()).toBe('fin')
    expect(parseFrames(client.received).frames).toMatchObject([{ opcode: 8, payload: closePayload(status) }])
    await until(() => errors.length > 0)
    expect(codesOf(errors)).toEqual([code])
  })

  it('reports a connection that ends without a Close frame, and one that is reset', async () => {
    const closes = record<WebSocketCloseEvent>('express-use-websockets:close')
    const server = await startHttp1Server(createApp(acceptAndEcho))
    for (const end of ['end', 'resetAndDestroy'] as const) {
      const client = await RawHttp1Client.connect(server)
      client.write(handshakeHead())
      await client.receiveHead()
      client.socket[end]()
      await until(() => closes.length > 0)
      const error = { code: 'ERR_WEBSOCKET_CLOSED_PREMATURELY' }
      const ending = { closeStatus: 1006, wasClean: false, endedBy: 'remote', error }
      expect(closes.splice(0).map(({ completion }) => completion)).toMatchObject([ending])
    }
  })

  it('reports an error with a numeric code', async () => {
    const errors = record<WebSocketErrorEvent>('express-use-websockets:error')
    const { app, accepted } = createAppWithSocket()
    await openWebSocket(await startHttp1Server(app))
    const ws = await accepted
    ws.emit('error', new DOMException('The blob cannot be read', 'NotReadableError'))
    ws.terminate()
    await until(() => errors.length > 0)
    expect(codesOf(errors)).toEqual(['ERR_WEBSOCKET_CLOSED_PREMATURELY'])
  })

  it('ends the other sockets of an HTTP/2 connection when one has closed', async () => {
    const sockets = new Set<WebSocket>()
    const app = createApp(async (req) => {
      const ws = await acceptWsWebSocketAsync(req)
      sockets.add(ws)
      ws.on('close', () => {
        for (const other of sockets) other.terminate()
      })
    })
    const session = await connectHttp2(await startHttp2Server(app))
    const opened = await Promise.all([1, 2, 3].map(() => openHttp2WebSocket(session, '/ws')))
    await opened[0]?.webSocket.closeAsync(1000)
    await Promise.all(opened.map(({ webSocket }) => webSocket.completion))
    expect((await openHttp2WebSocket(session, '/ws')).headers[':status']).toBe(200)
  })
})

describe('AsyncLocalStorage', () => {
  const storage = new AsyncLocalStorage<string>()

  /** An application that records, for each event of a socket, the value that was stored for the request. */
  function createStoringApp(): { app: Express; seen: string[] } {
    const seen: string[] = []
    const app = express()
    const webSockets = useWebSockets()
    used.push(webSockets)
    app.use(webSockets)
    app.use((request, _response, next) => storage.run(request.url, next))
    app.all('/ws', async (request) => {
      const ws = await acceptWsWebSocketAsync(request)
      const note = (event: string): void => void seen.push(`${event} ${storage.getStore()}`)
      ws.on('ping', () => note('ping'))
      ws.on('close', () => note('close'))
      // One message has arrived by then.
      await until(() => seen.length === 1)
      ws.on('message', (data) => note((data as Buffer).toString()))
    })
    return { app, seen }
  }

  const EVENTS = ['ping /ws?1', 'kept /ws?1', 'message /ws?1', 'close /ws?1']

  it.each<[string, (app: Express) => Promise<Awaited<ReturnType<typeof startHttp1Server>>>]>([
    ['http', startHttp1Server],
    ['https', startHttpsServer],
    [
      'an attached server',
      async (app) => {
        const server = await startHttp1Server(() => undefined)
        attachWebSockets(server.server, app, { filter: () => true })
        return server
      },
    ],
  ])('has in the listeners of a socket the value from the accept, over %s', async (_, start) => {
    const { app, seen } = createStoringApp()
    const { client } = await openWebSocket(await start(app), '/ws?1')
    client.send('kept')
    client.ping()
    await until(() => seen.length === 2)
    client.send('message')
    client.close()
    await until(() => seen.length === EVENTS.length)
    expect(seen).toEqual(EVENTS)
  })

  it('has that value over HTTP/2, where requests share a connection', async () => {
    const { app, seen } = createStoringApp()
    await using answer = await requestWebSocket(app, '/ws?1', { protocol: 'h2' })
    await answer.webSocket.sendAsync('kept')
    await answer.webSocket.pingAsync()
    await until(() => seen.length === 2)
    await answer.webSocket.sendAsync('message')
    await answer.webSocket.closeAsync(1000)
    await until(() => seen.length === EVENTS.length)
    expect(seen).toEqual(EVENTS)
  })
})

describe('webSocketServerHandler', () => {
  /** An application that passes its WebSockets to a server of ws, and the errors that reached its error middleware. */
  function createServerApp(
    webSocketServer: WebSocketServer,
    context?: Parameters<typeof webSocketServerHandler<Request>>[1],
    webSockets: WebSocketMiddleware = useWebSockets(),
  ): Express {
    return createApp(webSocketServerHandler(webSocketServer, context), {}, webSockets)
  }

  it("emits connection with the WebSocket and its request, and adds it to the server's clients", async () => {
    const webSocketServer = new WebSocketServer({ noServer: true })
    webSocketServer.on('connection', (ws, request) => {
      ws.send(`${request.url} ${webSocketServer.clients.has(ws)}`)
      echo(ws)
    })
    const { client } = await openWebSocket(await startHttp1Server(createServerApp(webSocketServer)), '/ws?a')
    expect(await nextMessage(client)).toBe('/ws?a true')
    for (const each of webSocketServer.clients) each.send('to all')
    expect(await nextMessage(client)).toBe('to all')
    client.close()
    await until(() => webSocketServer.clients.size === 0)
  })

  it('does the same over HTTP/2', async () => {
    const webSocketServer = new WebSocketServer({ noServer: true, clientTracking: false })
    webSocketServer.on('connection', echo)
    await using answer = await requestWebSocket(createServerApp(webSocketServer), '/ws', { protocol: 'h2' })
    await answer.webSocket.sendAsync('hello')
    expect(await answer.nextMessage()).toBe('hello')
  })

  it('selects the sub-protocol by the context, else by the server, else the first offered one', async () => {
    const handleProtocols = (offered: Set<string>): string | false => (offered.has('b') ? 'b' : false)
    const accepted = async (context: WebSocketAcceptContext | undefined, options: object, subProtocols: string[]): Promise<unknown> => {
      const app = createServerApp(new WebSocketServer({ noServer: true, ...options }), context && (() => context))
      await using answer = await requestWebSocket(app, '/ws', { subProtocols })
      return answer.headers['sec-websocket-protocol']
    }
    expect(await accepted({ subProtocol: 'c' }, { handleProtocols }, ['a', 'b'])).toBe('c')
    expect(await accepted({ subProtocol: null }, { handleProtocols }, ['a', 'b'])).toBeUndefined()
    expect(await accepted({}, { handleProtocols }, ['a', 'b'])).toBe('b')
    expect(await accepted({}, { handleProtocols }, ['a'])).toBeUndefined()
    expect(await accepted(undefined, {}, ['a', 'b'])).toBe('a')
    expect(await accepted(undefined, {}, [])).toBeUndefined()
    const promised = createServerApp(new WebSocketServer({ noServer: true }), () => Promise.resolve({ subProtocol: 'b' }))
    await using answer = await requestWebSocket(promised, '/ws', { subProtocols: ['a', 'b'] })
    expect(answer.webSocket.subProtocol).toBe('b')
    // Malformed, which is treated as no offer.
    expect(await accepted(undefined, {}, ['foo;bar'])).toBeUndefined()
    expect(await accepted(undefined, {}, ['foo;bar', 'b'])).toBe('b')
  })

  it.each([
    [{ verifyClient: () => false }, 'verifyClient', 'check the client in a middleware'],
    [{ path: '/ws' }, 'path', 'use the path of the route'],
    [{ noServer: false, server: createServer() }, 'server', 'create the WebSocketServer with { noServer: true }'],
    [{ WebSocket: class extends WebSocket {} }, 'WebSocket', 'the handler uses its own WebSocket class'],
    [{ autoPong: false }, 'autoPong', 'leave it out'],
    [{ skipUTF8Validation: true }, 'skipUTF8Validation', 'leave it out'],
    [{ allowSynchronousEvents: false }, 'allowSynchronousEvents', 'leave it out'],
    [
      { perMessageDeflate: { threshold: 1, clientMaxWindowBits: 10, zlibDeflateOptions: { level: 1, memLevel: 7 } } },
      'perMessageDeflate',
      'leave out clientMaxWindowBits, zlibDeflateOptions.memLevel',
    ],
  ])('throws an error for a server option that would have no effect: %p', (options, argument, remedy) => {
    const webSocketServer = new WebSocketServer({ noServer: true, ...options })
    expect(() => webSocketServerHandler(webSocketServer)).toThrow(
      expect.objectContaining({ code: 'ERR_WEBSOCKET_INVALID_OPTION', argument, message: expect.stringContaining(remedy) }),
    )
  })

  it('accepts a server with the defaults written out', () => {
    const options = { verifyClient: undefined, autoPong: true, skipUTF8Validation: false, perMessageDeflate: false }
    expect(() => webSocketServerHandler(new WebSocketServer({ noServer: true, ...options }))).not.toThrow()
  })

  it.each<[ServerOptions, WebSocketAcceptContext, number]>([
    [{ maxPayload: 10 }, {}, 1009],
    [{ maxPayload: 0 }, {}, 1000],
    [{ maxPayload: 10 }, { maxMessageSize: 1000 }, 1000],
    [{}, { maxMessageSize: 10 }, 1009],
  ])('uses maxPayload of the server %j, unless the context %j has a limit', async (options, context, closeStatus) => {
    const webSocketServer = new WebSocketServer({ noServer: true, ...options })
    webSocketServer.on('connection', (ws) => ws.on('message', () => ws.close(1000)))
    const { client } = await openWebSocket(await startHttp1Server(createServerApp(webSocketServer, context)))
    client.send('more than ten bytes')
    expect((await closeOf(client))[0]).toBe(closeStatus)
  })

  it('compresses as configured on its server', async () => {
    const perMessageDeflate = { threshold: 10, serverMaxWindowBits: 10, serverNoContextTakeover: true, zlibDeflateOptions: { level: 1 } }
    const webSocketServer = new WebSocketServer({ noServer: true, perMessageDeflate })
    const { response } = await openWebSocket(await startHttp1Server(createServerApp(webSocketServer)), '/ws', { perMessageDeflate: true })
    expect(response.headers['sec-websocket-extensions']).toBe(
      'permessage-deflate; client_max_window_bits=15; server_no_context_takeover; server_max_window_bits=10',
    )
  })

  it('answers 426 to a request that is not a WebSocket request, and 400 to a malformed handshake', async () => {
    const server = await startHttp1Server(createServerApp(new WebSocketServer({ noServer: true })))
    const client = await RawHttp1Client.connect(server)
    client.write('GET /ws HTTP/1.1\r\nHost: a\r\n\r\n')
    expect(await client.receiveResponse()).toMatch(/^HTTP\/1\.1 426 /)
    client.write(handshakeHead({ 'Sec-WebSocket-Key': 'short' }))
    expect(await client.receiveResponse()).toMatch(/^HTTP\/1\.1 400 /)
  })

  it('closes with 1011 if a connection listener throws an error, and passes the error on', async () => {
    const webSocketServer = new WebSocketServer({ noServer: true })
    webSocketServer.on('connection', () => {
      throw new Error('no room')
    })
    const errors: Error[] = []
    const app = createServerApp(webSocketServer)
    const onError: ErrorRequestHandler = (error: Error, _req, _res, next: NextFunction) => {
      errors.push(error)
      next()
    }
    app.use(onError)
    const { client } = await openWebSocket(await startHttp1Server(app))
    expect(await closeOf(client)).toEqual([1011, ''])
  })

  it('answers 503 while the server is closing, and the server waits for its last client', async () => {
    const webSocketServer = new WebSocketServer({ noServer: true })
    webSocketServer.on('connection', echo)
    const server = await startHttp1Server(createServerApp(webSocketServer))
    const { client } = await openWebSocket(server)
    let isClosed = false
    const closed = new Promise<void>((resolve) => {
      webSocketServer.close(() => {
        isClosed = true
        resolve()
      })
    })
    expect(await refusedWebSocket(server)).toMatchObject({ status: 503, body: 'ERR_WEBSOCKET_SERVER_CLOSING' })
    client.send('still there')
    expect(await nextMessage(client)).toBe('still there')
    expect(isClosed).toBe(false)
    client.close()
    await closed
  })
})
