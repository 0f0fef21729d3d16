import { once } from 'node:events'
import { constants, inflateRawSync } from 'node:zlib'
import { afterEach, describe, expect, it } from '@jest/globals'
import express from 'express'
import type { Express, Request } from 'express'
import { WebSocket } from 'undici'
import { attachWebSockets, useWebSockets, webSocketHandler } from 'express-use-websockets'
import type { ManagedWebSocket, WebSocketAcceptContext, WebSocketMiddleware } from 'express-use-websockets'
import { createSecureServer } from 'express-use-websockets/http2'
import { closeConnections, openOver, readFrames } from '../conformance/hostile/transports.ts'
import type { OpenedWebSocket, TransportName } from '../conformance/hostile/transports.ts'
import { expressVersions } from '../support/express-versions.ts'
import { closeHttp1Peers } from '../support/http1-peers.ts'
import { startHttp1Server, startHttpsServer } from '../support/http1-server.ts'
import { closeHttp2Peers, listen, portOf, startHttp2Server } from '../support/http2-peers.ts'
import { closePayload, rawFrame } from '../support/raw-frames.ts'
import { runScript } from '../support/run-script.ts'
import { createSelfSignedCertificate } from '../support/self-signed-certificate.ts'
import { until } from '../support/until.ts'
import { closeOf, openWebSocket } from '../support/web-socket-client.ts'

afterEach(async () => {
  await closeConnections()
  closeHttp1Peers()
  await closeHttp2Peers()
})

/** The kinds of servers, and the client for each. */
const listeners: [name: string, transport: TransportName, start: (app: Express) => Promise<number>][] = [
  ['HTTP/1.1', 'http', async (app) => (await startHttp1Server(app)).port],
  ['TLS', 'https', async (app) => (await startHttpsServer(app)).port],
  ['HTTP/2', 'h2c', async (app) => portOf(await startHttp2Server(app))],
  ['HTTP/2 over TLS', 'h2', startSecureHttp2Server],
  ['an attached server', 'http', startAttachedServer],
]

const compressions: [name: string, context: WebSocketAcceptContext][] = [
  ['uncompressed', {}],
  ['compressed', { dangerousEnableCompression: true, disableServerContextTakeover: true }],
]

/** What a handler does, and what its client sees, which sends `hello` and then, unless the server has closed, a Close frame with 4000. */
const stories: [name: string, handler: (webSocket: ManagedWebSocket) => Promise<unknown>, seen: string[]][] = [
  [
    'a loop with nothing after it',
    async (webSocket) => {
      for await (const message of webSocket) await webSocket.sendAsync(message)
    },
    ['hello', 'Close 4000 bye'],
  ],
  [
    'a loop, then completion',
    async (webSocket) => {
      for await (const message of webSocket) await webSocket.sendAsync(message)
      await webSocket.completion
    },
    ['hello', 'Close 4000 bye'],
  ],
  [
    'a loop, then a last message and a code of its own',
    async (webSocket) => {
      for await (const message of webSocket) await webSocket.sendAsync(message)
      await webSocket.sendAsync('last')
      await webSocket.sendAsync('words')
      await webSocket.closeAsync(4001, 'see you')
    },
    ['hello', 'last', 'words', 'Close 4001 see you'],
  ],
  [
    'completion without a receive',
    async (webSocket) => {
      await webSocket.sendAsync('hello')
      await webSocket.completion
    },
    ['hello', 'Close 4000 bye'],
  ],
  [
    'receiveAsync without an answer',
    async (webSocket) => {
      const buffer = Buffer.alloc(100)
      for (;;) {
        const { closeStatus, count } = await webSocket.receiveAsync(buffer)
        if (closeStatus !== null) break
        await webSocket.sendAsync(buffer.toString('utf8', 0, count))
      }
    },
    ['hello', 'Close 4000 bye'],
  ],
  [
    'await using, after a break',
    async (webSocket) => {
      await using used = webSocket
      for await (const message of used) {
        await used.sendAsync(message)
        break
      }
    },
    ['hello', 'Close'],
  ],
  [
    'await using, after a welcome',
    async (webSocket) => {
      await using used = webSocket
      await used.sendAsync('hello')
    },
    ['hello', 'Close'],
  ],
]

/** How a client leaves without a Close frame, and the code of `completion`. */
const rudeClients: [name: string, leave: (opened: OpenedWebSocket) => void, closeStatus: number][] = [
  ['resets the connection', (opened) => opened.reset(), 1006],
  ['ends the connection', ({ duplex }) => void duplex.end(), 1006],
  ['ends the connection within a message', ({ duplex }) => void duplex.end(rawFrame(1, 'hello').subarray(0, 8)), 1006],
  ['sends three invalid bytes', ({ duplex }) => void duplex.write(Buffer.from([1, 2, 3])), 1002],
  ['sends a message that is too long', ({ duplex }) => void duplex.write(rawFrame(2, '', { announcedLength: 17_000_000n })), 1009],
]

describe.each(listeners)('over %s', (_, transport, start) => {
  async function open(app: Express, context: WebSocketAcceptContext): Promise<OpenedWebSocket> {
    const ports = { http: 0, https: 0, h2c: 0, h2: 0, [transport]: await start(app) }
    const fields: Record<string, string> = context.dangerousEnableCompression === true ? { 'sec-websocket-extensions': DEFLATE } : {}
    return openOver(transport, ports, { fields })
  }

  describe.each(compressions)('%s', (_compression, context) => {
    it.each(stories)('closes cleanly: %s', async (_story, handler, seen) => {
      const { app, webSockets, failures } = createApp(handler, context)
      const opened = await open(app, context)
      const peer = readFrames(opened)
      peer.duplex.on('end', () => peer.end())
      const frames: string[] = []
      await peer.sendFrame(1, 'hello')
      for (let isClosed = false; ;) {
        const { opcode, payload, reserved } = await peer.nextFrame()
        if (opcode !== 8) frames.push(reserved === 0 ? payload.toString() : inflated(payload))
        else frames.push(payload.length === 0 ? 'Close' : `Close ${payload.readUInt16BE()} ${payload.toString('utf8', 2)}`.trimEnd())
        if (!isClosed) await peer.sendFrame(8, opcode === 8 ? payload : closePayload(4000, 'bye'))
        isClosed = true
        if (opcode === 8) break
      }
      await peer.ended
      await until(() => webSockets.connections === 0)

      expect(frames).toEqual(seen)
      expect(failures).toEqual([])
    })

    it.each(rudeClients)('ends the loop of a handler without an error if its client %s', async (_client, leave, closeStatus) => {
      const ended: unknown[] = []
      const { app, webSockets, failures } = createApp(async (webSocket) => {
        for await (const message of webSocket) await webSocket.sendAsync(message)
        const { closeStatus: code, wasClean } = await webSocket.completion
        ended.push([code, wasClean, webSocket.closeStatus])
      }, context)
      const opened = await open(app, context)
      const peer = readFrames(opened)
      await peer.sendFrame(1, 'hello')
      await peer.nextFrame()
      leave(opened)
      peer.duplex.on('end', () => peer.end())
      await until(() => webSockets.connections === 0 && ended.length > 0)

      expect(ended).toEqual([[closeStatus, false, null]])
      expect(failures).toEqual([])
    })
  })
})

describe('widely used clients', () => {
  it.each([
    ['closes without a code', undefined, 1005],
    ['closes with a code', 4000, 4000],
  ])('ws and undici see a clean close if the client %s', async (_, code, seen) => {
    const { app } = createApp(async (webSocket) => {
      for await (const message of webSocket) await webSocket.sendAsync(message)
    })
    const server = await startHttp1Server(app)
    const { client } = await openWebSocket(server)
    client.close(code)
    expect((await closeOf(client))[0]).toBe(seen)
    const other = new WebSocket(`ws://127.0.0.1:${server.port}/ws`)
    await once(other, 'open')
    other.close(code)
    const [event] = (await once(other, 'close')) as [{ code: number; wasClean: boolean }]
    expect([event.code, event.wasClean]).toEqual([seen, true])
  })

  it('ws and undici see a clean close with 1005 if await using ends', async () => {
    const { app } = createApp(async (webSocket) => webSocket[Symbol.asyncDispose]())
    const server = await startHttp1Server(app)
    const { client } = await openWebSocket(server)
    expect(await closeOf(client)).toEqual([1005, ''])
    const other = new WebSocket(`ws://127.0.0.1:${server.port}/ws`)
    const [event] = (await once(other, 'close')) as [{ code: number; wasClean: boolean }]
    expect([event.code, event.wasClean]).toEqual([1005, true])
  })

  it('get their own code from webSocketHandler as the answer', async () => {
    const app = express().use(useWebSockets())
    app.all(
      '/ws',
      webSocketHandler(async (webSocket) => {
        for await (const message of webSocket) await webSocket.sendAsync(message)
      }),
    )
    const { client } = await openWebSocket(await startHttp1Server(app))
    client.close()
    expect(await closeOf(client)).toEqual([1005, ''])
  })
})

describe.each(expressVersions)('the accept loop of the README on %s', (name) => {
  it('prints nothing and keeps running if clients terminate, reset, end, or send invalid or too long messages', async () => {
    const { exitCode, stdout, stderr } = await runScript('spec/middleware/scripts/vanishing-clients.ts', [], [name])

    expect({ exitCode, stdout, stderr }).toEqual({ exitCode: 0, stdout: 'alive', stderr: '' })
  }, 20_000)
})

describe('1,000 clients that close while the handlers never dispose', () => {
  it.each([
    ['a loop', async (webSocket: ManagedWebSocket) => webSocket[Symbol.asyncIterator]().next()],
    ['receiveAsync', async (webSocket: ManagedWebSocket) => webSocket.receiveAsync(Buffer.alloc(1))],
    ['nothing', async () => undefined],
  ] as const)(
    'leave no connection after two seconds if the handlers receive by %s',
    async (_, handler) => {
      const { app, webSockets } = createApp(handler)
      const { port, server } = await startHttp1Server(app)
      const ports = { http: port, https: 0, h2c: 0, h2: 0 }
      const peers = []
      for (let count = 0; count < 1000; count++) peers.push(readFrames(await openOver('http', ports)))
      await until(() => webSockets.connections === 1000)
      for (const peer of peers) peer.duplex.on('end', () => peer.end())
      await Promise.all(peers.map((peer) => peer.sendFrame(8, closePayload(1000))))
      const closedAt = performance.now()
      await Promise.all(peers.map((peer) => peer.ended))
      await until(() => webSockets.connections === 0)
      const took = performance.now() - closedAt

      expect(took).toBeLessThan(2000)
      expect(peers.filter((peer) => !peer.frames[0]?.payload.equals(closePayload(1000)))).toEqual([])
      await new Promise((resolve) => void server.close(resolve))
    },
    30_000,
  )
})

const DEFLATE = 'permessage-deflate'

function inflated(payload: Buffer): string {
  return inflateRawSync(payload, { finishFlush: constants.Z_SYNC_FLUSH }).toString()
}

/** An application with the handler at `/ws`, and the errors that reach its error middleware. */
function createApp(
  handler: (webSocket: ManagedWebSocket) => Promise<unknown>,
  context?: WebSocketAcceptContext,
): { readonly app: Express; readonly webSockets: WebSocketMiddleware; readonly failures: unknown[] } {
  const webSockets = useWebSockets()
  const failures: unknown[] = []
  const app = express().use(webSockets)
  app.all('/ws', async (req: Request) => {
    const webSocket = await req.webSockets.acceptWebSocketAsync(context)
    await handler(webSocket).catch((error: unknown) => failures.push(error))
  })
  return { app, webSockets, failures }
}

async function startSecureHttp2Server(app: Express): Promise<number> {
  const server = createSecureServer({ ...createSelfSignedCertificate() }, app)
  await listen(server)
  return portOf(server)
}

async function startAttachedServer(app: Express): Promise<number> {
  const { port, server } = await startHttp1Server(app)
  attachWebSockets(server, app, { filter: () => true })
  return port
}
