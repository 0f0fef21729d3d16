import { afterEach, describe, expect, it } from '@jest/globals'
import { EventEmitter, once } from 'node:events'
import express5 from 'express'
import type { Express, Request, Response } from 'express'
import { useWebSockets, WebSocketState } from 'express-use-websockets'
import type { ManagedWebSocket, WebSocketMiddleware } from 'express-use-websockets'
import { expressVersions } from '../support/express-versions.ts'
import { closeHttp1Peers } from '../support/http1-peers.ts'
import { http1Starts, startHttp1Server } from '../support/http1-server.ts'
import { handshakeHead, RawHttp1Client, SAMPLE_ACCEPT } from '../support/raw-http1.ts'
import { rawFrame } from '../support/raw-frames.ts'
import { closeOf, nextMessage, openWebSocket, refusedWebSocket } from '../support/web-socket-client.ts'

afterEach(closeHttp1Peers)

/** Returns when the client closes or vanishes at the end of a test, because Express 4 does not catch errors of a route. */
async function echo(webSocket: ManagedWebSocket): Promise<void> {
  try {
    for await (const message of webSocket) await webSocket.sendAsync(message)
    await webSocket.closeOutputAsync(webSocket.closeStatus ?? 1000, webSocket.closeStatusDescription)
  } catch (error) {
    if (webSocket.state !== WebSocketState.Aborted) throw error
  }
}

describe.each(expressVersions)('useWebSockets, on %s', (_, express) => {
  function createEchoApp(webSockets: WebSocketMiddleware = useWebSockets()): Express {
    const app = express()
    app.use(webSockets)
    app.all('/ws', async (req: Request, res: Response) => {
      if (!req.webSockets.isWebSocketRequest) {
        res.status(400).send(req.webSockets.refusal ?? 'no attempt')
        return
      }
      await echo(await req.webSockets.acceptWebSocketAsync())
    })
    app.get('/page', (_req, res) => {
      res.send('page')
    })
    return app
  }

  describe.each(http1Starts)('over %s', (_name, start) => {
    it('accepts in a route, and exchanges messages', async () => {
      const server = await start(createEchoApp())
      const { client } = await openWebSocket(server)
      client.send('hello')
      expect(await nextMessage(client)).toBe('hello')
      client.close(3001, 'bye')
      expect(await closeOf(client)).toEqual([3001, 'bye'])
    })

    it('answers the handshake of RFC 6455 with exactly these fields', async () => {
      const app = createEchoApp()
      app.disable('x-powered-by')
      const client = await RawHttp1Client.connect(await start(app))
      client.write(handshakeHead())
      const lines = (await client.receiveHead()).trim().split('\r\n')
      expect(lines.filter((line) => !line.startsWith('Date: '))).toEqual([
        'HTTP/1.1 101 Switching Protocols',
        'Connection: Upgrade',
        'Upgrade: websocket',
        `Sec-WebSocket-Accept: ${SAMPLE_ACCEPT}`,
      ])
    })

    it('does not change other requests', async () => {
      const client = await RawHttp1Client.connect(await start(createEchoApp()))
      client.write('GET /page HTTP/1.1\r\nHost: a\r\n\r\n')
      expect(await client.receive('page')).toMatch(/^HTTP\/1\.1 200 OK\r\n/)
      client.write('GET /ws HTTP/1.1\r\nHost: a\r\n\r\n')
      expect(await client.receive('no attempt')).toMatch(/^HTTP\/1\.1 400 Bad Request\r\n/)
    })
  })

  it('answers a malformed handshake with the reason, and keeps the connection', async () => {
    const client = await RawHttp1Client.connect(await startHttp1Server(createEchoApp()))
    client.write(handshakeHead({ 'Sec-WebSocket-Version': '12' }))
    expect(await client.receive("only '13' is supported")).toMatch(/^HTTP\/1\.1 400 /)
    client.write(handshakeHead({ Upgrade: undefined }))
    await client.receive('the Upgrade header is missing (does a proxy in front remove it?)')
    client.write(handshakeHead())
    expect(await client.receiveHead()).toMatch(/^HTTP\/1\.1 101 /)
  })

  it('handles several refused handshakes on one connection, and then accepts one', async () => {
    const app = express()
    let attempts = 0
    app.use(useWebSockets())
    app.all('/ws', async (req, res) => {
      if (++attempts < 4) res.status(401).set('WWW-Authenticate', 'Basic').end()
      else await echo(await req.webSockets.acceptWebSocketAsync())
    })
    const client = await RawHttp1Client.connect(await startHttp1Server(app))
    for (let attempt = 1; attempt < 4; attempt++) {
      client.write(handshakeHead())
      expect(await client.receiveHead()).toMatch(/^HTTP\/1\.1 401 Unauthorized\r\n.*WWW-Authenticate: Basic/s)
    }
    client.write(handshakeHead())
    expect(await client.receiveHead()).toMatch(/^HTTP\/1\.1 101 /)
    client.write(rawFrame(1, 'hi'))
    await client.receive(rawFrame(1, 'hi', { mask: false }))
  })

  it('exposes the fields of the handshake as ASP.NET Core does', async () => {
    const app = express()
    app.use(useWebSockets())
    app.all('/ws', (req, res) => {
      res.json([
        req.webSockets.isWebSocketRequest,
        req.webSockets.webSocketRequestedProtocols,
        req.headers.upgrade,
        req.headers['sec-websocket-version'],
      ])
    })
    const client = await RawHttp1Client.connect(await startHttp1Server(app))
    client.write(handshakeHead({ Upgrade: '"WebSocket"', 'Sec-WebSocket-Version': '8, 13', 'Sec-WebSocket-Protocol': ['a, "b"', 'C'] }))
    expect(await client.receive('"8, 13"]')).toContain(JSON.stringify([true, ['a', 'b', 'C'], 'websocket', '8, 13']))
  })

  it('returns a promise that resolves when the socket has completed, and counts open sockets', async () => {
    const webSockets = useWebSockets()
    const results: (Promise<void> | undefined)[] = []
    const app = express()
    app.use((req, res, next) => {
      results.push(webSockets(req, res, next))
    })
    app.all('/ws', async (req) => echo(await req.webSockets.acceptWebSocketAsync()))
    app.get('/refused', (_req, res) => void res.sendStatus(404))
    app.get('/page', (_req, res) => void res.send('page'))
    const server = await startHttp1Server(app)

    const raw = await RawHttp1Client.connect(server)
    raw.write('GET /page HTTP/1.1\r\nHost: a\r\n\r\n')
    await raw.receive('page')
    expect(results).toEqual([undefined])

    await refusedWebSocket(server, '/refused')
    expect(await results[1]).toBeUndefined()

    const { client } = await openWebSocket(server)
    client.send('hello')
    await nextMessage(client)
    expect(webSockets.connections).toBe(1)
    expect(await Promise.race([results[2], Promise.resolve('still open')])).toBe('still open')
    client.close()
    await results[2]
    expect(webSockets.connections).toBe(0)
  })

  it('lets the first middleware decide if it is mounted twice', async () => {
    const app = createEchoApp(useWebSockets({ allowedOrigins: ['https://a.example'] }))
    const server = await startHttp1Server(express().use(app).use(useWebSockets()))
    expect((await refusedWebSocket(server, '/ws', { origin: 'https://b.example' })).status).toBe(403)
    const open = express()
    open.use(useWebSockets())
    open.use(app)
    await openWebSocket(await startHttp1Server(open), '/ws', { origin: 'https://b.example' })
  })

  it('passes an error before the accept to the error middleware, which answers as usual', async () => {
    const app = express()
    app.use(useWebSockets())
    app.all('/ws', (req, _res, next) => {
      req.webSockets.acceptWebSocketAsync('not a token').then(() => undefined, next)
    })
    app.use((error: Error & { code?: string }, _req: Request, res: Response, _next: () => void) => {
      res.status(500).json({ code: error.code })
    })
    const client = await RawHttp1Client.connect(await startHttp1Server(app))
    client.write(handshakeHead())
    expect(await client.receive('{"code":"ERR_WEBSOCKET_INVALID_ARGUMENT"}')).not.toMatch(/Upgrade|Sec-WebSocket/)
    client.write(handshakeHead())
    expect(await client.receiveHead()).toMatch(/^HTTP\/1\.1 500 /)
  })

  it('closes with 1011 if error middleware ends the response of an accepted socket, and discards the body', async () => {
    const app = express()
    app.use(useWebSockets())
    app.all('/ws', async (req, _res, next) => {
      await req.webSockets.acceptWebSocketAsync()
      next(new Error('failed after accept'))
    })
    app.use((_error: Error, _req: Request, res: Response, _next: () => void) => {
      res.write('HTTP ')
      res.end('in a WebSocket')
    })
    const client = await RawHttp1Client.connect(await startHttp1Server(app))
    client.write(handshakeHead())
    await client.receiveHead()
    await client.receive(rawFrame(8, Buffer.of(0x03, 0xf3), { mask: false }))
    client.write(rawFrame(8, Buffer.of(0x03, 0xf3)))
    expect(await client.end()).toBe('fin')
    expect(client.received.toString('latin1')).toBe('')
  })

  it('closes an accepted socket with 1011 if the default error handler ends it, and keeps running', async () => {
    const app = express()
    app.set('env', 'test')
    app.use(useWebSockets())
    app.all('/ws', async (req, _res, next) => {
      await req.webSockets.acceptWebSocketAsync()
      next(new Error('failed after accept'))
    })
    const server = await startHttp1Server(app)
    const client = await RawHttp1Client.connect(server)
    client.write(handshakeHead())
    await client.receiveHead()
    await client.receive(rawFrame(8, Buffer.of(0x03, 0xf3), { mask: false }))
    client.write(rawFrame(8, Buffer.of(0x03, 0xf3)))
    expect(await client.end()).toBe('fin')
    const next = await RawHttp1Client.connect(server)
    next.write(handshakeHead())
    expect(await next.receiveHead()).toMatch(/^HTTP\/1\.1 101 /)
  })
})

describe('acceptWebSocketAsync', () => {
  it('sends the fields that were set on the response before, and the chosen sub-protocol', async () => {
    const { client } = await inRoute(async (req, res) => {
      res.status(202).set('X-Before', 'yes').cookie('a', 'b').set('Content-Length', '5').set('Content-Encoding', 'gzip')
      await req.webSockets.acceptWebSocketAsync({ subProtocol: 'Bravo' })
    })
    const head = await client.receiveHead()
    expect(head).toMatch(/^HTTP\/1\.1 101 Switching Protocols\r\n/)
    expect(head).toContain('X-Before: yes\r\n')
    expect(head).toContain('Set-Cookie: a=b; Path=/\r\n')
    expect(head).toContain('Sec-WebSocket-Protocol: Bravo\r\n')
    expect(head).not.toMatch(/Content-|Transfer-Encoding|Keep-Alive/)
  })

  it('checks its arguments before the state of the request', async () => {
    const { result } = await inRoute(
      async (req) => [await codeOf(req.webSockets.acceptWebSocketAsync('')), await codeOf(req.webSockets.acceptWebSocketAsync())],
      { Upgrade: undefined },
    )
    expect(result).toEqual(['ERR_WEBSOCKET_INVALID_ARGUMENT', 'ERR_WEBSOCKET_NOT_A_WEBSOCKET_REQUEST'])
  })

  it('says why a request is not a WebSocket request', async () => {
    const { result } = await inRoute(async (req) => req.webSockets.acceptWebSocketAsync().catch((error: Error) => error.message), {
      Upgrade: undefined,
    })
    expect(result).toBe('Not a WebSocket request: the Upgrade header is missing (does a proxy in front remove it?)')
  })

  it('accepts once, and a second call does not affect the socket', async () => {
    const { client, result } = await inRoute(async (req) => {
      const both = [req.webSockets.acceptWebSocketAsync(), req.webSockets.acceptWebSocketAsync()] as const
      const webSocket = await both[0]
      const codes = [await codeOf(both[1]), await codeOf(req.webSockets.acceptWebSocketAsync())]
      await webSocket.sendAsync('still here')
      return [...codes, webSocket.state]
    })
    expect(result).toEqual(['ERR_WEBSOCKET_ALREADY_ACCEPTED', 'ERR_WEBSOCKET_ALREADY_ACCEPTED', WebSocketState.Open])
    await client.receive(rawFrame(1, 'still here', { mask: false }))
  })

  it('accepts after a call with an invalid argument', async () => {
    const { client, result } = await inRoute(async (req) => [
      await codeOf(req.webSockets.acceptWebSocketAsync({ serverMaxWindowBits: 8 })),
      await codeOf(req.webSockets.acceptWebSocketAsync()),
    ])
    expect(result).toEqual(['ERR_WEBSOCKET_INVALID_ARGUMENT', 'accepted'])
    expect(await client.receiveHead()).toMatch(/^HTTP\/1\.1 101 /)
  })

  it('rejects if the response has started or was sent, without an effect on it', async () => {
    const begun = await inRoute(async (req, res) => {
      res.write('hello')
      const code = await codeOf(req.webSockets.acceptWebSocketAsync())
      res.end(' world')
      return code
    })
    expect(begun.result).toBe('ERR_WEBSOCKET_RESPONSE_STARTED')
    expect(await begun.client.receive('world')).toMatch(/^HTTP\/1\.1 200 OK/)

    const sent = await inRoute(async (req, res) => {
      res.send('done')
      await once(res, 'finish')
      return codeOf(req.webSockets.acceptWebSocketAsync())
    })
    expect(sent.result).toBe('ERR_WEBSOCKET_RESPONSE_STARTED')
  })

  it.each([
    ['reset the connection', ({ socket }: RawHttp1Client) => socket.resetAndDestroy()],
    ['ended its side', ({ socket }: RawHttp1Client) => socket.end()],
  ])('rejects at once if the client has %s', async (_, leave) => {
    const arrivals = new EventEmitter()
    const attempt = inRoute(
      async (req) => {
        arrivals.emit('request')
        await new Promise((resolve) => req.socket.once('close', resolve))
        return codeOf(req.webSockets.acceptWebSocketAsync())
      },
      {},
      (client) => void arrivals.once('request', () => leave(client)),
    )
    expect((await attempt).result).toBe('ERR_WEBSOCKET_CLIENT_GONE')
  })

  it('rejects with ABORT_ERR if its signal is already aborted, without an effect on the response', async () => {
    const { client, result } = await inRoute(async (req, res) => {
      const code = await codeOf(req.webSockets.acceptWebSocketAsync({ signal: AbortSignal.abort() }))
      res.send('refused')
      return code
    })
    expect(result).toBe('ABORT_ERR')
    expect(await client.receive('refused')).not.toContain('Sec-WebSocket')
  })

  it('removes the handshake from the response if a hook of the response throws an error', async () => {
    const { client, result } = await inRoute(async (req, res) => {
      const hooked = Object.assign(res, { writeHead: () => raise('no session store') })
      const message = await req.webSockets.acceptWebSocketAsync().catch((error: Error) => error.message)
      Reflect.deleteProperty(hooked, 'writeHead')
      res.status(500).send('failed')
      return message
    })
    expect(result).toBe('no session store')
    const response = await client.receive('failed')
    expect(response).toMatch(/^HTTP\/1\.1 500 Internal Server Error\r\n/)
    expect(response).not.toMatch(/Sec-WebSocket|Upgrade/)
  })

  it('passes on the options of the middleware and of the context', async () => {
    const { client, result } = await inRoute(
      async (req) => {
        const webSocket = await req.webSockets.acceptWebSocketAsync({
          subProtocol: 'v1',
          dangerousEnableCompression: true,
          serverMaxWindowBits: 12,
        })
        return [webSocket.subProtocol, webSocket.isCompressed]
      },
      { 'Sec-WebSocket-Extensions': 'permessage-deflate; client_max_window_bits' },
    )
    expect(result).toEqual(['v1', true])
    expect(await client.receiveHead()).toContain(
      'Sec-WebSocket-Extensions: permessage-deflate; client_max_window_bits=15; server_max_window_bits=12\r\n',
    )
  })
})

/** Calls `attempt` in a route, and returns its result. */
async function inRoute(
  attempt: (req: Request, res: Response) => Promise<unknown>,
  headers: Record<string, string | undefined> = {},
  prepare?: (client: RawHttp1Client) => void,
) {
  const app = express5()
  const result = new Promise((resolve, reject) => {
    app.use(useWebSockets())
    app.all('/ws', (req, res) => {
      attempt(req, res).then(resolve, reject)
    })
  })
  const client = await RawHttp1Client.connect(await startHttp1Server(app))
  prepare?.(client)
  client.write(handshakeHead(headers))
  return { client, result: await result }
}

/** The code of the error, or that there was none. */
async function codeOf(accept: Promise<unknown>): Promise<unknown> {
  return accept.then(
    () => 'accepted',
    (error: { code: string }) => error.code,
  )
}

function raise(message: string): never {
  throw new Error(message)
}
