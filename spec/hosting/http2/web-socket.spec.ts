import { randomBytes } from 'node:crypto'
import { once } from 'node:events'
import { constants } from 'node:http2'
import { afterEach, describe, expect, it } from '@jest/globals'
import express from 'express'
import { ManagedWebSocket, useWebSockets, webSocketHandler } from 'express-use-websockets'
import type { WebSocketAcceptContext, WebSocketHandler } from 'express-use-websockets'
import { createSecureServer } from 'express-use-websockets/http2'
import { Agent, WebSocket as UndiciWebSocket } from 'undici'
import {
  closeHttp2Peers,
  connectHttp2,
  connectRaw,
  listen,
  portOf,
  rawFields,
  request,
  startHttp2Server,
} from '../../support/http2-peers.ts'
import { openHttp2WebSocket } from '../../support/http2-web-sockets.ts'
import { Opcode } from '../../../lib/web-socket/frames/opcode.ts'
import { closePayload, rawFrame } from '../../support/raw-frames.ts'
import { endsStream, frameTypes, resetCode, tabledStatus } from '../../support/raw-http2.ts'
import { createSelfSignedCertificate } from '../../support/self-signed-certificate.ts'

afterEach(closeHttp2Peers)

describe('a WebSocket over HTTP/2', () => {
  it.each([0, 1, 125, 126, 65_535, 65_536, 300_000, 4_000_000])('echoes a message of %i bytes', async (length) => {
    const { webSocket } = await openHttp2WebSocket(await connectHttp2(await startEcho()), '/ws')
    const message = randomBytes(length)
    await webSocket.sendAsync(message)
    for await (const echoed of webSocket) {
      expect(message.equals(echoed as Buffer)).toBe(true)
      break
    }
  })

  it('is compressed if both sides agree', async () => {
    const session = await connectHttp2(await startEcho({ dangerousEnableCompression: true, serverMaxWindowBits: 10 }))
    const { stream, headers } = await openHttp2WebSocket(session, '/ws', { 'sec-websocket-extensions': 'permessage-deflate' })
    expect(headers['sec-websocket-extensions']).toBe('permessage-deflate; server_max_window_bits=10')
    const webSocket = ManagedWebSocket.createFromStream(stream, { dangerousDeflateOptions: { serverMaxWindowBits: 10 } })
    await webSocket.sendAsync('compress '.repeat(1000))
    for await (const echoed of webSocket) {
      expect(echoed).toBe('compress '.repeat(1000))
      break
    }
  })

  it('can be closed from either side', async () => {
    const session = await connectHttp2(await startServer(async (webSocket) => webSocket.closeAsync(4001, 'of the server')))
    const ours = await openHttp2WebSocket(session, '/ws')
    for await (const message of ours.webSocket) expect(message).toBeUndefined()
    await ours.webSocket.closeAsync(ours.webSocket.closeStatus ?? 1000)
    expect(await ours.webSocket.completion).toMatchObject({ closeStatus: 4001, closeStatusDescription: 'of the server', wasClean: true })
    const theirs = await openHttp2WebSocket(await connectHttp2(await startEcho()), '/ws')
    await theirs.webSocket.closeAsync(4000, 'of the client')
    expect(await theirs.webSocket.completion).toMatchObject({ closeStatus: 4000, wasClean: true, endedBy: 'local' })
  })

  it('delivers everything that was sent before the server closed it, regardless of the amount', async () => {
    const message = randomBytes(3_000_000)
    const server = await startServer(async (webSocket) => {
      for (let index = 0; index < 5; index += 1) void webSocket.sendAsync(message)
      await webSocket.closeAsync(1000)
    })
    const { webSocket } = await openHttp2WebSocket(await connectHttp2(server), '/ws')
    expect(await countOf(message, webSocket)).toBe(5)
    await webSocket.closeOutputAsync(1000)
    expect(await webSocket.completion).toMatchObject({ closeStatus: 1000, wasClean: true })
  })

  it('delivers everything that was sent before the client closed it', async () => {
    const message = randomBytes(3_000_000)
    const server = await startServer(async (webSocket) => {
      for (let index = 0; index < 5; index += 1) void webSocket.sendAsync(message)
      await countOf(message, webSocket)
    })
    const { webSocket } = await openHttp2WebSocket(await connectHttp2(server), '/ws')
    await webSocket.closeOutputAsync(1000)
    expect(await countOf(message, webSocket)).toBe(5)
    expect(await webSocket.completion).toMatchObject({ closeStatus: 1000, wasClean: true })
  })

  it('is reset with INTERNAL_ERROR and without END_STREAM by abort()', async () => {
    const server = await startServer((webSocket) => webSocket.abort())
    const client = await connectRaw(server)
    client.sendHeaders(1, [...rawFields('CONNECT', '/ws'), [':protocol', 'websocket'], ['sec-websocket-version', '13']])
    expect(resetCode(await client.frameOn(1, frameTypes.reset))).toBe(constants.NGHTTP2_INTERNAL_ERROR)
    expect(client.frames.some(({ type, streamId }) => type === frameTypes.data && streamId === 1)).toBe(false)
  })

  it.each([
    ['the client closes it', 'with its Close frame', '/ws'],
    ['the client closes it', "after the server's END_STREAM", '/ws'],
    ['the server closes it', 'with its Close frame', '/closing'],
    ['the server closes it', "after the server's END_STREAM", '/closing'],
  ])('is not reset after its END_STREAM if %s, and ends its side %s', async (_, when, path) => {
    const client = await connectRaw(await startClosing())
    const ids = Array.from({ length: 50 }, (_each, index) => 2 * index + 1)
    await Promise.all(
      ids.map(async (id) => {
        client.sendHeaders(id, [...rawFields('CONNECT', path), [':protocol', 'websocket'], ['sec-websocket-version', '13']])
        await client.frameOn(id, frameTypes.headers)
        if (path === '/closing') await client.frameOn(id, frameTypes.data)
        client.sendData(id, rawFrame(Opcode.Close, closePayload(1000)), when === 'with its Close frame')
        await client.frame((frame) => frame.streamId === id && endsStream(frame))
        if (when !== 'with its Close frame') client.sendData(id, '', true)
      }),
    )
    // Two round trips after the last END_STREAM: whatever the server sends one turn later has arrived by then.
    for (const round of [1, 2]) {
      client.send(frameTypes.ping, 0, 0, Buffer.alloc(8, round))
      await client.frame(({ type, payload }) => type === frameTypes.ping && payload[0] === round)
    }
    expect(client.frames.filter(({ type }) => type === frameTypes.reset)).toEqual([])
  })

  it('can be aborted within a message that the client does not read', async () => {
    const server = await startServer(async (webSocket) => {
      const sent = webSocket.sendAsync(Buffer.alloc(10_000_000)).catch(() => undefined)
      setImmediate(() => webSocket.abort())
      await sent
    })
    const client = await connectRaw(server)
    client.sendHeaders(1, [...rawFields('CONNECT', '/ws'), [':protocol', 'websocket'], ['sec-websocket-version', '13']])
    expect(resetCode(await client.frameOn(1, frameTypes.reset))).toBe(constants.NGHTTP2_INTERNAL_ERROR)
  })

  it('can be aborted when another one of the connection ends', async () => {
    const open: ManagedWebSocket[] = []
    const server = await startServer(async (webSocket) => {
      open.push(webSocket)
      await webSocket.completion
      for (const other of open) other.abort()
    })
    const client = await connectRaw(server)
    for (const id of [1, 3, 5]) {
      client.sendHeaders(id, [...rawFields('CONNECT', '/ws'), [':protocol', 'websocket'], ['sec-websocket-version', '13']])
      await client.frameOn(id, frameTypes.headers)
    }
    client.sendReset(1, constants.NGHTTP2_CANCEL)
    for (const id of [3, 5]) {
      expect(resetCode(await client.frameOn(id, frameTypes.reset))).toBe(constants.NGHTTP2_INTERNAL_ERROR)
    }
  })

  it('is closed with 1011 if its handler throws an error, with and without webSocketHandler', async () => {
    const app = express()
    app.set('env', 'test')
    app.use(useWebSockets())
    app.all(
      '/helped',
      webSocketHandler(() => {
        throw new Error('of the handler')
      }),
    )
    app.all('/bare', async (req) => {
      await req.webSockets.acceptWebSocketAsync()
      throw new Error('of the handler')
    })
    const session = await connectHttp2(await startHttp2Server(app))
    for (const path of ['/helped', '/bare']) {
      const { webSocket } = await openHttp2WebSocket(session, path)
      expect(await webSocket.receiveAsync(Buffer.alloc(10))).toMatchObject({ closeStatus: 1011 })
    }
  })

  it('applies back pressure to a client that sends faster than the application reads', async () => {
    const block = Buffer.alloc(64 * 1024)
    let received = 0
    const reading = new Promise<() => void>((resolve) => {
      serverHandler = async (webSocket) => {
        await new Promise<void>((go) => resolve(go))
        for await (const message of webSocket) {
          received += message.length
          if (received === 400 * block.length) await webSocket.sendAsync('all')
        }
      }
    })
    const session = await connectHttp2(await startServer(async (webSocket, req) => serverHandler(webSocket, req)))
    const { webSocket, stream } = await openHttp2WebSocket(session, '/ws')
    const go = await reading
    const sends = Array.from({ length: 400 }, async () => webSocket.sendAsync(block))
    await request(session, '/')
    await request(session, '/')
    // The window of the stream, the read-ahead of the server, and the buffer of the client's stream: far less than 25 MiB.
    expect(stream.writableLength + webSocket.bufferedAmount).toBeGreaterThan(20 * 1024 * 1024)
    go()
    await Promise.all(sends)
    for await (const message of webSocket) {
      expect(message).toBe('all')
      break
    }
  })
})

let serverHandler: WebSocketHandler

describe('a hundred WebSockets over one HTTP/2 connection', () => {
  it('share it with ordinary requests', async () => {
    const server = await startEcho()
    let sessions = 0
    server.on('session', () => (sessions += 1))
    const session = await connectHttp2(server)
    const opened = await Promise.all(Array.from({ length: 100 }, async () => openHttp2WebSocket(session, '/ws')))
    const [bodies] = await Promise.all([
      Promise.all(Array.from({ length: 100 }, async () => request(session, '/'))),
      Promise.all(opened.map(async ({ webSocket }, index) => webSocket.sendAsync(`message ${index}`))),
    ])
    expect(bodies.every(({ text }) => text === 'alive')).toBe(true)
    const echoed = await Promise.all(opened.map(async ({ webSocket }) => (await webSocket[Symbol.asyncIterator]().next()).value as unknown))
    expect(echoed).toEqual(opened.map((_, index) => `message ${index}`))
    await Promise.all(opened.map(async ({ webSocket }) => webSocket.closeAsync(1000)))
    const completions = await Promise.all(opened.map(async ({ webSocket }) => webSocket.completion))
    expect(completions.every(({ wasClean, closeStatus }) => wasClean && closeStatus === 1000)).toBe(true)
    expect(sessions).toBe(1)
  })

  it('are not blocked by others that are not read, on either side', async () => {
    const app = express()
    app.use(useWebSockets())
    app.all('/unread', async (req) => void (await req.webSockets.acceptWebSocketAsync()))
    app.all(
      '/flood',
      webSocketHandler(async (webSocket) => {
        for (;;) await webSocket.sendAsync(Buffer.alloc(100_000))
      }),
    )
    app.all('/ws', webSocketHandler(echo))
    const session = await connectHttp2(await startHttp2Server(app))
    for (let index = 0; index < 10; index += 1) {
      const unread = await openHttp2WebSocket(session, '/unread')
      // Small, because Node's client opens no more streams while 10 MB of them are queued.
      void unread.webSocket.sendAsync(Buffer.alloc(200_000)).catch(() => undefined)
      await openHttp2WebSocket(session, '/flood')
    }
    const { webSocket } = await openHttp2WebSocket(session, '/ws')
    const messages = webSocket[Symbol.asyncIterator]()
    for (let index = 0; index < 100; index += 1) {
      await webSocket.sendAsync(String(index))
      expect((await messages.next()).value).toBe(String(index))
    }
  })
})

describe('a message of many megabytes that the client does not read', () => {
  it('does not prevent the server from accepting requests on that connection', async () => {
    const server = await startServer(async (webSocket) => webSocket.sendAsync(Buffer.alloc(20_000_000)))
    const client = await connectRaw(server)
    client.sendHeaders(1, [...rawFields('CONNECT', '/ws'), [':protocol', 'websocket'], ['sec-websocket-version', '13']])
    await client.frameOn(1, frameTypes.data)
    client.sendHeaders(3, rawFields('HEAD', '/'), true)
    expect(tabledStatus(await client.frame(({ streamId }) => streamId === 3))).toBe(200)
  })
})

describe("undici's WebSocket", () => {
  it('connects over HTTP/2 to a server that supports it, and closes cleanly', async () => {
    const certificate = createSelfSignedCertificate()
    const app = express()
    app.use(useWebSockets())
    app.all(
      '/ws',
      webSocketHandler(async (webSocket, req) => {
        await webSocket.sendAsync(`${req.httpVersion} ${req.method}`)
        await echo(webSocket)
      }),
    )
    const server = createSecureServer(certificate, app)
    await listen(server)
    const dispatcher = new Agent({ allowH2: true, connect: { ca: certificate.cert } })
    const webSocket = new UndiciWebSocket(`wss://localhost:${portOf(server)}/ws`, { dispatcher })
    const messages: unknown[] = []
    webSocket.addEventListener('message', ({ data }) => {
      messages.push(data)
      if (messages.length === 3) webSocket.close(1000)
    })
    webSocket.addEventListener('open', () => {
      webSocket.send('text')
      webSocket.send('x'.repeat(100_000))
    })
    const [event] = (await once(webSocket, 'close')) as [{ code: number; wasClean: boolean }]
    expect([event.code, event.wasClean, messages]).toEqual([1000, true, ['2.0 CONNECT', 'text', 'x'.repeat(100_000)]])
    await dispatcher.destroy()
  })
})

async function startServer(handler: WebSocketHandler, context?: WebSocketAcceptContext) {
  const app = express()
  app.set('env', 'test')
  app.use(useWebSockets())
  app.get('/', (_req, res) => void res.send('alive'))
  app.all('/ws', webSocketHandler(handler, context))
  return startHttp2Server(app)
}

async function startEcho(context?: WebSocketAcceptContext) {
  return startServer(echo, context)
}

/** Echoes at `/ws`, and closes at once at `/closing`. */
async function startClosing() {
  const app = express()
  app.use(useWebSockets())
  app.all('/ws', webSocketHandler(echo))
  app.all(
    '/closing',
    webSocketHandler(async (webSocket) => webSocket.closeAsync(1000)),
  )
  return startHttp2Server(app)
}

async function echo(webSocket: ManagedWebSocket): Promise<void> {
  for await (const message of webSocket) await webSocket.sendAsync(message)
}

/** Counts how often the message arrives until the peer closes. */
async function countOf(message: Buffer, webSocket: ManagedWebSocket): Promise<number> {
  let count = 0
  for await (const each of webSocket) count += message.equals(each as Buffer) ? 1 : 0
  return count
}
