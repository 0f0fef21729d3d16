import { once } from 'node:events'
import { constants } from 'node:http2'
import type { OutgoingHttpHeaders } from 'node:http2'
import { afterEach, describe, expect, it } from '@jest/globals'
import cookieSession from 'express-session'
import { useWebSockets, WebSocketState, webSocketHandler } from 'express-use-websockets'
import type { ManagedWebSocket, WebSocketException } from 'express-use-websockets'
import helmet from 'helmet'
import morgan from 'morgan'
import { expressVersions } from '../../support/express-versions.ts'
import { closeHttp2Peers, connectHttp2, openStream, readAnswer, request, startHttp2Server } from '../../support/http2-peers.ts'
import { connectFields, openHttp2WebSocket } from '../../support/http2-web-sockets.ts'

/** Differences from a WebSocket request, and what the refusal says about them. */
const notWebSockets: readonly (readonly [what: string, fields: OutgoingHttpHeaders, refusal: RegExp])[] = [
  ['another :protocol', { ':protocol': 'connect-udp' }, /connect-udp/],
  ['no version', { 'sec-websocket-version': undefined }, /Sec-WebSocket-Version/i],
  ['version 12', { 'sec-websocket-version': '12' }, /12/],
  ['version 13.0', { 'sec-websocket-version': '13.0' }, /13\.0/],
]

afterEach(closeHttp2Peers)

describe.each(expressVersions)('an extended CONNECT to %s', (_name, express) => {
  it('is a WebSocket request with method CONNECT, which app.all() handles and app.get() does not', async () => {
    const app = express()
    app.use(useWebSockets())
    app.get('/ws', (_req, res) => void res.status(418).end())
    app.all(
      '/ws',
      (req, res) => void res.status(400).json([req.method, req.url, req.webSockets.isWebSocketRequest, req.webSockets.refusal ?? null]),
    )
    const session = await connectHttp2(await startHttp2Server(app))
    const answer = await readAnswer(openStream(session, connectFields('/ws?a=1')))
    expect([answer.status, JSON.parse(answer.text)]).toEqual([400, ['CONNECT', '/ws?a=1', true, null]])
    expect((await request(session, '/ws')).status).toBe(418)
  })

  it('is answered 404 if no route handles it', async () => {
    const app = express()
    app.use(useWebSockets())
    app.get('/ws', (_req, res) => void res.send('for GET only'))
    const session = await connectHttp2(await startHttp2Server(app))
    const answer = await readAnswer(openStream(session, connectFields('/ws')))
    expect([answer.status, answer.closeCode, answer.text]).toEqual([404, 0, expect.stringContaining('Cannot CONNECT /ws')])
  })

  it('is accepted with 200 and the header fields of the application, without those of HTTP/1.1', async () => {
    const app = express()
    app.use(useWebSockets(), helmet())
    app.use(cookieSession({ secret: 'spec', resave: false, saveUninitialized: true }))
    app.all('/ws', async (req, res) => {
      res.status(201).cookie('mine', '1').set({ 'content-length': '0', 'content-encoding': 'gzip', 'x-mine': 'yes' })
      await req.webSockets.acceptWebSocketAsync('chat')
    })
    const session = await connectHttp2(await startHttp2Server(app))
    const { headers } = await openHttp2WebSocket(session, '/ws', { 'sec-websocket-protocol': 'chat, other' })
    expect(headers).toMatchObject({ ':status': 200, 'sec-websocket-protocol': 'chat', 'x-mine': 'yes', 'x-dns-prefetch-control': 'off' })
    expect(headers['set-cookie']).toEqual(['mine=1; Path=/', expect.stringMatching(/^connect\.sid=/)])
    for (const absent of ['connection', 'upgrade', 'sec-websocket-accept', 'content-length', 'content-encoding']) {
      expect(headers).not.toHaveProperty(absent)
    }
  })

  it('gets an answer to its key if the client sends one, against RFC 8441', async () => {
    const app = express()
    app.use(useWebSockets())
    app.all('/ws', async (req) => void (await req.webSockets.acceptWebSocketAsync()))
    const session = await connectHttp2(await startHttp2Server(app))
    const { headers } = await openHttp2WebSocket(session, '/ws', { 'sec-websocket-key': 'dGhlIHNhbXBsZSBub25jZQ==' })
    expect(headers['sec-websocket-accept']).toBe('s3pPLMBiTxaQ9kYGzzhZRbK+xOo=')
  })

  it('can be refused like any request: by its origin, by middleware, or by an error', async () => {
    const app = express()
    app.set('env', 'test')
    app.use(useWebSockets({ allowedOrigins: ['https://good.example'] }))
    app.all('/private', (_req, res) => void res.set('WWW-Authenticate', 'Basic').status(401).send('who are you'))
    app.all('/error', () => {
      throw new Error('of the handler')
    })
    const session = await connectHttp2(await startHttp2Server(app))
    const foreign = await readAnswer(openStream(session, connectFields('/private', { origin: 'https://bad.example' })))
    expect([foreign.status, foreign.body.length]).toEqual([403, 0])
    const anonymous = await readAnswer(openStream(session, connectFields('/private', { origin: 'https://good.example' })))
    expect([anonymous.status, anonymous.headers['www-authenticate'], anonymous.text]).toEqual([401, 'Basic', 'who are you'])
    const failed = await readAnswer(openStream(session, connectFields('/error')))
    expect([failed.status, failed.text]).toEqual([500, expect.stringContaining('of the handler')])
  })

  it.each(notWebSockets)('is not a WebSocket request with %s, and the refusal says why', async (_what, fields, refusal) => {
    const app = express()
    app.use(useWebSockets())
    app.all('/ws', async (req, res) => {
      const code = await req.webSockets.acceptWebSocketAsync().catch(codeOf)
      res.status(400).json([req.webSockets.isWebSocketRequest, req.webSockets.refusal, code])
    })
    const session = await connectHttp2(await startHttp2Server(app))
    const answer = await readAnswer(openStream(session, connectFields('/ws', fields)))
    expect(JSON.parse(answer.text)).toEqual([false, expect.stringMatching(refusal), 'ERR_WEBSOCKET_NOT_A_WEBSOCKET_REQUEST'])
  })

  it('is not a WebSocket request if it ends the stream itself', async () => {
    const app = express()
    app.use(useWebSockets())
    app.all('/ws', (req, res) => void res.status(400).json([req.webSockets.isWebSocketRequest, req.webSockets.refusal]))
    const session = await connectHttp2(await startHttp2Server(app))
    const answer = await readAnswer(openStream(session, connectFields('/ws'), true))
    expect(JSON.parse(answer.text)).toEqual([false, expect.stringContaining('END_STREAM')])
  })

  it('is not accepted by an ordinary 2xx response, which becomes 501', async () => {
    const app = express()
    app.use((_req, res) => void res.send('hello'))
    const session = await connectHttp2(await startHttp2Server(app))
    const answer = await readAnswer(openStream(session, connectFields('/ws')))
    expect([answer.status, answer.text]).toEqual([501, 'hello'])
  })

  it('has no body for body parsers', async () => {
    const app = express()
    app.use(useWebSockets(), express.json({ type: () => true }))
    app.all('/ws', (req, res) => {
      req.resume().on('end', () => void res.status(400).send('no body'))
    })
    const session = await connectHttp2(await startHttp2Server(app))
    const stream = openStream(session, connectFields('/ws', { 'content-type': 'application/json' }))
    stream.write('{"not":"a body"}')
    expect((await readAnswer(stream)).text).toBe('no body')
  })

  it('is logged once with status 200, when the socket has completed', async () => {
    const app = express()
    const lines: string[] = []
    const logged = new Promise<void>((resolve) => {
      app.use(morgan(':method :url :status', { stream: { write: (line) => resolve(void lines.push(line.trim())) } }))
    })
    app.use(useWebSockets())
    app.all('/ws', webSocketHandler(echo))
    const session = await connectHttp2(await startHttp2Server(app))
    const { webSocket } = await openHttp2WebSocket(session, '/ws')
    await request(session, '/other')
    expect(lines).toEqual(['GET /other 404'])
    await webSocket.closeAsync(1000)
    await webSocket.completion
    await logged
    await request(session, '/other')
    expect(lines).toEqual(['GET /other 404', 'CONNECT /ws 200', 'GET /other 404'])
  })

  it('has no request time-out after it is accepted', async () => {
    const app = express()
    app.use(useWebSockets())
    const accepted = new Promise<unknown>((resolve) => {
      app.all('/ws', async (req, res) => {
        res.setTimeout(1)
        const webSocket = await req.webSockets.acceptWebSocketAsync()
        // Nothing happens here, so wait for longer than the time-out above.
        const longer = new Promise((resolveLonger) => setTimeout(resolveLonger, 20))
        await Promise.race([webSocket.completion, longer])
        resolve(webSocket.state)
      })
    })
    const session = await connectHttp2(await startHttp2Server(app))
    await openHttp2WebSocket(session, '/ws')
    expect(await accepted).toBe(WebSocketState.Open)
  })

  it('rejects the accept if the client has disconnected', async () => {
    const app = express()
    app.use(useWebSockets())
    const rejected = new Promise<unknown>((resolve) => {
      app.all('/ws', (req, res) => {
        res.on('close', () => resolve(req.webSockets.acceptWebSocketAsync().catch((error: unknown) => error)))
        stream.close(constants.NGHTTP2_CANCEL)
      })
    })
    const session = await connectHttp2(await startHttp2Server(app))
    const stream = openStream(session, connectFields('/ws'))
    expect(await rejected).toMatchObject({ code: 'ERR_WEBSOCKET_CLIENT_GONE' })
  })

  it('rejects a second accept, an accept after the response has started, and a cancelled accept', async () => {
    const app = express()
    app.use(useWebSockets())
    const codes: Promise<unknown[]> = new Promise((resolve) => {
      app.all('/ws', async (req) => {
        const cancelled = await req.webSockets.acceptWebSocketAsync({ signal: AbortSignal.abort() }).catch(codeOf)
        const first = await req.webSockets.acceptWebSocketAsync().then(({ state }) => state)
        const second = await req.webSockets.acceptWebSocketAsync().catch(codeOf)
        resolve([cancelled, first, second])
      })
    })
    app.all('/started', async (req, res) => {
      res.status(400).flushHeaders()
      res.end(await req.webSockets.acceptWebSocketAsync().catch(codeOf))
    })
    const session = await connectHttp2(await startHttp2Server(app))
    openStream(session, connectFields('/ws'))
    expect(await codes).toEqual(['ABORT_ERR', 2, 'ERR_WEBSOCKET_ALREADY_ACCEPTED'])
    expect((await readAnswer(openStream(session, connectFields('/started')))).text).toBe('ERR_WEBSOCKET_RESPONSE_STARTED')
  })

  it('can still be refused if writing the accepting response failed', async () => {
    const app = express()
    app.use(useWebSockets())
    app.all('/ws', async (req, res) => {
      const writeHead = res.writeHead.bind(res)
      res.writeHead = () => {
        throw new Error('of the hook')
      }
      const error = await req.webSockets.acceptWebSocketAsync('chat').catch((reason: Error) => reason.message)
      res.writeHead = writeHead
      res.status(503).send(error)
    })
    const session = await connectHttp2(await startHttp2Server(app))
    const answer = await readAnswer(openStream(session, connectFields('/ws', { 'sec-websocket-protocol': 'chat' })))
    expect([answer.status, answer.text, answer.headers['sec-websocket-protocol']]).toEqual([503, 'of the hook', undefined])
  })

  it('keeps what the client sends before it is accepted', async () => {
    const app = express()
    app.use(useWebSockets())
    app.all('/ws', (_req, _res, next) => app.once('accept', next), webSocketHandler(echo))
    const session = await connectHttp2(await startHttp2Server(app))
    const stream = openStream(session, connectFields('/ws'))
    stream.write(Buffer.from('81830000000068656c', 'hex'))
    await request(session, '/other')
    app.emit('accept')
    expect(await once(stream, 'data')).toEqual([Buffer.from('810368656c', 'hex')])
  })
})

function codeOf(error: WebSocketException): string {
  return error.code
}

async function echo(webSocket: ManagedWebSocket): Promise<void> {
  for await (const message of webSocket) await webSocket.sendAsync(message)
}
