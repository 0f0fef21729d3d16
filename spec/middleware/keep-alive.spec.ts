import { randomBytes } from 'node:crypto'
import { channel } from 'node:diagnostics_channel'
import type { IncomingMessage } from 'node:http'
import { setTimeout as delay } from 'node:timers/promises'
import { afterEach, describe, expect, it } from '@jest/globals'
import express from 'express'
import type { Express } from 'express'
import { ManagedWebSocket, useWebSockets } from 'express-use-websockets'
import type { WebSocketCloseEvent, WebSocketCompletion } from 'express-use-websockets'
import { acceptWsWebSocketAsync } from 'express-use-websockets/ws'
import type { WebSocket } from 'ws'
import { closeConnections, openOver } from '../conformance/hostile/transports.ts'
import { Gate } from '../support/gate.ts'
import { closeHttp1Servers, startHttp1Server, startHttpsServer } from '../support/http1-server.ts'
import { closeHttp2Peers, portOf, startHttp2Server } from '../support/http2-peers.ts'
import { closeTcpLinks, TcpLink } from '../support/tcp-link.ts'

const INTERVAL = 500
const TIMEOUT = 1000
/** Tolerance for timers and event loop delays, in milliseconds. */
const TOLERANCE = 500
/** More than the kernel accepts at once (on Linux 4 MB, and the buffer of the other end). */
const MUCH = randomBytes(9_000_000)

/** More than the kernels accept in total (on Linux 4 MB at one end, and 6 MB unread at the other), so most of it stays in the queue. */
const LONG = randomBytes(24_000_000)

afterEach(async () => {
  await closeConnections()
  closeTcpLinks()
  closeHttp1Servers()
  await closeHttp2Peers()
})

/** What the application does with either kind of socket. */
interface Handler {
  managed(webSocket: ManagedWebSocket): Promise<unknown>
  ws(webSocket: WebSocket): void
}

const busy: Handler = { managed: async (webSocket) => webSocket.completion, ws: () => undefined }
const echo: Handler = {
  managed: async (webSocket) => {
    for await (const message of webSocket) await webSocket.sendAsync(message)
  },
  ws: (ws) => void ws.on('message', (data) => ws.send(data)),
}
const send: Handler = {
  managed: async (webSocket) => {
    await webSocket.sendAsync(LONG)
    for await (const _message of webSocket);
  },
  ws: (ws) => {
    ws.send(LONG)
    ws.on('message', () => undefined)
  },
}

/** Sends often enough that a send precedes every keep-alive check. */
const ticker: Handler = {
  managed: async (webSocket) => {
    const timer = setInterval(() => void webSocket.sendAsync('tick'), INTERVAL / 20)
    await webSocket.completion
    clearInterval(timer)
  },
  ws: (ws) => {
    const timer = setInterval(() => ws.send('tick'), INTERVAL / 20)
    ws.on('close', () => clearInterval(timer))
  },
}

/** Both ends of one connection. */
interface Connection {
  readonly link: TcpLink
  readonly client: ManagedWebSocket
  /** When and how the server's socket has ended. */
  readonly ended: Promise<{ readonly at: number; readonly code: string | undefined }>
  readonly isOpen: () => boolean
  /** Bytes that have come to the client. */
  readonly bytesRead: () => number
}

const kinds = ['ManagedWebSocket', 'ws'] as const
const extensions = [undefined, 'permessage-deflate'] as const

describe.each(['http', 'https', 'h2c'] as const)('keep-alive with a timeout, over %s', (transport) => {
  describe('detects, within the sum of interval and time-out,', () => {
    it('a peer that has frozen', async () => {
      await forEachKind(echo, async ({ link, client, ended }) => {
        await client.sendAsync('hello')
        await client.receiveAsync(Buffer.alloc(9))
        const from = performance.now()
        link.freeze()
        expect(await ended).toMatchObject({ code: 'ERR_WEBSOCKET_KEEP_ALIVE_TIMEOUT' })
        const duration = (await ended).at - from
        expect(duration).toBeGreaterThan(TIMEOUT)
        expect(duration).toBeLessThan(INTERVAL + TIMEOUT + TOLERANCE)
      })
    }, 20_000)

    it('a peer that freezes while it is sent small messages, which the kernel accepts', async () => {
      await forEachKind(ticker, async ({ link, client, ended }) => {
        await client.receiveAsync(Buffer.alloc(9))
        const from = performance.now()
        link.freeze()
        expect(await ended).toMatchObject({ code: 'ERR_WEBSOCKET_KEEP_ALIVE_TIMEOUT' })
        expect((await ended).at - from).toBeLessThan(INTERVAL + TIMEOUT + TOLERANCE)
      })
    }, 20_000)

    it('a peer that freezes while the server echoes, stops reading and waits for the peer to read', async () => {
      await forEachKind(echo, async ({ link, client, ended }) => {
        link.limit(Infinity, 0)
        for (let count = 0; count < 3; count++) void client.sendAsync(MUCH)
        await delay(1000)
        const from = performance.now()
        link.freeze()
        expect(await ended).toMatchObject({ code: 'ERR_WEBSOCKET_KEEP_ALIVE_TIMEOUT' })
        // The bytes that the kernel has buffered are still read, inflated and echoed.
        expect((await ended).at - from).toBeLessThan(INTERVAL + TIMEOUT + 2 * TOLERANCE)
      })
    }, 20_000)

    it('a peer that is reset while the handler is busy and a long queue waits for it', async () => {
      await forEachKind(busy, async ({ link, client, ended, isOpen }) => {
        for (let count = 0; count < 30; count++) void client.sendAsync(MUCH.subarray(0, 100_000))
        // By then a ping was sent, whose answer cannot be read.
        await delay(2 * INTERVAL)
        expect(isOpen()).toBe(true)
        const from = performance.now()
        link.reset()
        expect(await ended).toMatchObject({ code: 'ERR_WEBSOCKET_CLOSED_PREMATURELY' })
        expect((await ended).at - from).toBeLessThan(INTERVAL + TOLERANCE)
      })
    }, 20_000)
  })

  describe('does not abort', () => {
    it('a peer that reads a long message slowly', async () => {
      // On a machine that is too busy to keep up that rate, the peer may well look dead. So it gets more time, and then a slower peer has to do.
      for (let scale = 1, isTold = false; !isTold; scale *= 4) {
        isTold = true
        const rate = 8_000_000 / scale
        const play = async ({ link, client, isOpen, bytesRead }: Connection): Promise<void> => {
          const from = performance.now()
          link.limit(Infinity, rate)
          const { value } = await client[Symbol.asyncIterator]().next()
          const isSteady = bytesRead() > (0.7 * rate * (performance.now() - from)) / 1000
          if (!isSteady && !isOpen()) return void (isTold = false)
          expect((value as Buffer | undefined)?.equals(LONG)).toBe(true)
          expect(isOpen()).toBe(true)
        }
        await forEachKind(send, play, scale)
      }
    }, 180_000)

    it('a peer that sends a long message slowly', async () => {
      await forEachKind(echo, async ({ link, client, isOpen }) => {
        link.limit(0, Infinity)
        void client.sendAsync(MUCH.subarray(0, 2_000_000))
        // By then a ping was sent, whose pong follows the message.
        await delay(INTERVAL + TIMEOUT / 2)
        link.limit(500_000, Infinity)
        expect(((await client[Symbol.asyncIterator]().next()).value as Buffer).length).toBe(2_000_000)
        expect(isOpen()).toBe(true)
      })
    }, 30_000)

    it('a peer that the application does not read from for longer than that', async () => {
      const gate = new Gate()
      const late: Handler = {
        managed: async (webSocket) => gate.opened.then(async () => echo.managed(webSocket)),
        ws: (ws) => void gate.opened.then(() => echo.ws(ws)),
      }
      const opening = delay(2 * (INTERVAL + TIMEOUT)).then(() => gate.open())
      await forEachKind(late, async ({ client, isOpen }) => {
        for (let count = 0; count < 30; count++) void client.sendAsync(MUCH.subarray(0, 100_000))
        const messages = client[Symbol.asyncIterator]()
        for (let count = 0; count < 30; count++) await messages.next()
        expect(isOpen()).toBe(true)
      })
      await opening
    }, 20_000)
  })

  async function forEachKind(handler: Handler, play: (connection: Connection) => Promise<void>, scale = 1): Promise<void> {
    await Promise.all(kinds.flatMap((kind) => extensions.map(async (extension) => play(await connect(kind, extension, handler, scale)))))
  }

  /** @param scale - how many times the interval and the timeout are those of the other specifications. */
  async function connect(
    kind: (typeof kinds)[number],
    extension: string | undefined,
    handler: Handler,
    scale: number,
  ): Promise<Connection> {
    let end: Awaited<Connection['ended']> | undefined
    const ended = new Gate()
    const port = await start(
      createApp(kind, handler, scale, ({ error }) => {
        end = { at: performance.now(), code: error?.code }
        ended.open()
      }),
    )
    const link = await TcpLink.open(port)
    const ports = { http: link.port, https: link.port, h2c: link.port, h2: link.port }
    const fields = extension === undefined ? {} : { 'Sec-WebSocket-Extensions': extension }
    const { duplex } = await openOver(transport, ports, { fields })
    let bytes = 0
    duplex.on('data', (chunk: Buffer) => (bytes += chunk.length))
    const compression = extension === undefined ? {} : { dangerousDeflateOptions: {} }
    const client = ManagedWebSocket.createFromStream(duplex, { ...compression, maxMessageSize: 2 * LONG.length })
    return {
      link,
      client,
      ended: ended.opened.then(() => end ?? { at: 0, code: '' }),
      isOpen: () => end === undefined,
      bytesRead: () => bytes,
    }
  }

  async function start(app: Express): Promise<number> {
    if (transport === 'h2c') return portOf(await startHttp2Server(app))
    return (await (transport === 'http' ? startHttp1Server : startHttpsServer)(app)).port
  }
})

function createApp(
  kind: (typeof kinds)[number],
  handler: Handler,
  scale: number,
  onCompleted: (completion: WebSocketCompletion) => void,
): Express {
  const app = express()
  app.set('env', 'test')
  app.use(useWebSockets({ keepAliveInterval: scale * INTERVAL, keepAliveTimeout: scale * TIMEOUT }))
  app.all('/ws', async (req) => {
    observers.set(req, onCompleted)
    const context = { dangerousEnableCompression: true, maxMessageSize: 2 * LONG.length }
    if (kind === 'ws') handler.ws(await acceptWsWebSocketAsync(req, context))
    else await handler.managed(await req.webSockets.acceptWebSocketAsync(context)).catch(() => undefined)
  })
  return app
}

const observers = new WeakMap<IncomingMessage, (completion: WebSocketCompletion) => void>()

channel('express-use-websockets:close').subscribe((event) => {
  const { request, completion } = event as WebSocketCloseEvent
  observers.get(request)?.(completion)
})
