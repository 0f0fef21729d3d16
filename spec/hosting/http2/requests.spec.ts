import { once } from 'node:events'
import type { EventEmitter } from 'node:events'
import { constants } from 'node:http2'
import type { Request } from 'express'
import { afterEach, describe, expect, it } from '@jest/globals'
import { expressVersions } from '../../support/express-versions.ts'
import {
  closeHttp2Peers,
  connectHttp2,
  connectRaw,
  openStream,
  rawFields,
  readAnswer,
  request,
  startHttp2Server,
} from '../../support/http2-peers.ts'

afterEach(closeHttp2Peers)

describe.each(expressVersions)('a request over HTTP/2 to %s', (_name, express) => {
  it("has the client's address, the method, the URL and the protocol", async () => {
    const app = express()
    app.get('/who/:name', (req, res) => {
      res.json({
        method: req.method,
        url: req.url,
        params: req.params,
        query: req.query,
        httpVersion: req.httpVersion,
        protocol: req.protocol,
        secure: req.secure,
        ip: req.ip,
        hostname: req.hostname,
        host: req.get('host'),
        localPort: req.socket.localPort === (req.socket.address() as { port: number }).port,
      })
    })
    const session = await connectHttp2(await startHttp2Server(app))
    const answer = await request(session, '/who/me?a=1', { ':authority': 'example.com:8080' })
    expect(JSON.parse(answer.text)).toEqual({
      method: 'GET',
      url: '/who/me?a=1',
      params: { name: 'me' },
      query: { a: '1' },
      httpVersion: '2.0',
      protocol: 'http',
      secure: false,
      ip: '127.0.0.1',
      hostname: 'example.com',
      host: 'example.com:8080',
      localPort: true,
    })
  })

  it('uses the forwarded fields of a proxy if the application trusts it', async () => {
    const app = express()
    app.set('trust proxy', true)
    app.use((req, res) => void res.json([req.protocol, req.secure, req.ip, req.hostname]))
    const session = await connectHttp2(await startHttp2Server(app))
    const answer = await request(session, '/', {
      'x-forwarded-proto': 'https',
      'x-forwarded-for': '203.0.113.7',
      'x-forwarded-host': 'public.example',
    })
    expect(JSON.parse(answer.text)).toEqual(['https', true, '203.0.113.7', 'public.example'])
  })

  it('has header fields as in node:http, without pseudo-header fields', async () => {
    const app = express()
    app.use((req, res) => void res.json({ headers: req.headers, raw: req.rawHeaders, distinct: req.headersDistinct['x-many'] }))
    const session = await connectHttp2(await startHttp2Server(app))
    const fields = { ':authority': 'a.example', host: 'b.example', cookie: ['a=1', 'b=2'], 'x-many': ['1', '2'], 'user-agent': 'me' }
    const { headers, raw, distinct } = JSON.parse((await request(session, '/', fields)).text) as Record<string, unknown>
    expect(headers).toEqual({ host: 'a.example', cookie: 'a=1; b=2', 'x-many': '1, 2', 'user-agent': 'me' })
    expect(raw).toEqual(['host', 'a.example', 'cookie', 'a=1', 'cookie', 'b=2', 'x-many', '1', 'x-many', '2', 'user-agent', 'me'])
    expect(distinct).toEqual(['1', '2'])
  })

  it.each([
    ['announced with its length', { 'content-length': '7' }],
    ['sent without a length', {}],
  ])('has a JSON body that can be parsed if it is %s', async (_how, length) => {
    const app = express()
    app.use(express.json())
    app.post('/', (req, res) => void res.json({ got: req.body as unknown }))
    const session = await connectHttp2(await startHttp2Server(app))
    const answer = await request(session, '/', { ':method': 'POST', 'content-type': 'application/json', ...length }, '{"a":1}')
    expect([answer.status, answer.text]).toEqual([200, '{"got":{"a":1}}'])
  })

  it('is answered 413 if its body is above the limit, whether its length is announced or not', async () => {
    const app = express()
    app.use(express.json({ limit: 1000 }))
    const session = await connectHttp2(await startHttp2Server(app))
    const body = JSON.stringify({ text: 'x'.repeat(2000) })
    const fields = { ':method': 'POST', 'content-type': 'application/json' }
    expect((await request(session, '/', fields, body)).status).toBe(413)
    expect((await request(session, '/', { ...fields, 'content-length': String(body.length) }, body)).status).toBe(413)
  })

  it('has no body, and says so, if the header block ends the stream', async () => {
    const app = express()
    app.post('/', (req, res) => {
      const chunks: unknown[] = []
      req.on('data', (chunk) => chunks.push(chunk)).on('end', () => void res.json([chunks, req.headers['transfer-encoding'] ?? null]))
    })
    const session = await connectHttp2(await startHttp2Server(app))
    expect(JSON.parse((await request(session, '/', { ':method': 'POST' })).text)).toEqual([[], null])
  })

  it('has trailers after its body was read', async () => {
    const app = express()
    app.post('/', (req, res) => {
      req.resume().on('end', () => void res.json([req.trailers, req.rawTrailers, req.complete]))
    })
    const session = await connectHttp2(await startHttp2Server(app))
    const stream = session.request({ ':path': '/', ':method': 'POST' }, { waitForTrailers: true })
    stream.on('wantTrailers', () => stream.sendTrailers({ 'x-sum': 'abc' }))
    stream.end('body')
    expect(JSON.parse((await readAnswer(stream)).text)).toEqual([{ 'x-sum': 'abc' }, ['x-sum', 'abc'], true])
  })

  it('gets 100 if it expects that, and its body then arrives', async () => {
    const app = express()
    app.post('/', express.text(), (req, res) => void res.send(`got ${String(req.body)}`))
    const session = await connectHttp2(await startHttp2Server(app))
    const stream = openStream(session, { ':path': '/', ':method': 'POST', 'content-type': 'text/plain', expect: '100-continue' })
    const answer = readAnswer(stream)
    await once(stream, 'continue')
    stream.end('it')
    expect((await answer).text).toBe('got it')
  })

  it('is refused with 417 if it expects anything else', async () => {
    const session = await connectHttp2(await startHttp2Server(express()))
    expect((await request(session, '/', { expect: 'the unexpected' })).status).toBe(417)
  })

  it('emits aborted, error and close once each if the client resets it within the body', async () => {
    const app = express()
    const events: string[] = []
    const closed = new Promise<void>((resolve) => {
      app.post('/', (req, res) => {
        req.resume()
        for (const event of ['end', 'aborted', 'close']) req.on(event, () => events.push(`request ${event}`))
        req.on('error', (error) => events.push(`request ${(error as NodeJS.ErrnoException).code}`))
        for (const event of ['finish', 'close']) res.on(event, () => events.push(`response ${event}`))
        res.on('close', () => setImmediate(resolve))
        req.once('data', () => client.sendReset(1, constants.NGHTTP2_CANCEL))
      })
    })
    const client = await connectRaw(await startHttp2Server(app))
    client.sendHeaders(1, rawFields('POST', '/'))
    client.sendData(1, 'some')
    await closed
    expect(events.toSorted()).toEqual(['request ECONNRESET', 'request aborted', 'request close', 'response close'])
  })

  it('is not complete if it was reset with NO_ERROR within the body', async () => {
    const app = express()
    const aborted = new Promise<Request>((resolve) => {
      app.post('/', (req) => {
        req.once('data', () => client.sendReset(1, constants.NGHTTP2_NO_ERROR))
        req.once('aborted', () => resolve(req))
      })
    })
    const client = await connectRaw(await startHttp2Server(app))
    client.sendHeaders(1, rawFields('POST', '/'))
    client.sendData(1, 'some')
    const req = await aborted
    expect([req.complete, req.readableEnded]).toEqual([false, false])
  })

  it.each([constants.NGHTTP2_NO_ERROR, constants.NGHTTP2_CANCEL])(
    'closes if it is reset with %i, even if its body is not read',
    async (code) => {
      const app = express()
      const closed = new Promise<unknown>((resolve) => {
        app.post('/', (req, res) => {
          resolve(Promise.all([closeOf(req), closeOf(res)]))
          client.sendReset(1, code)
        })
      })
      const client = await connectRaw(await startHttp2Server(app))
      client.inOneSegment(() => {
        client.sendHeaders(1, rawFields('POST', '/'))
        client.sendData(1, 'unread')
      })
      expect(await closed).toEqual(['close', 'close'])
    },
  )
})

/** `once()` would listen to `'error'` as well. */
async function closeOf(emitter: EventEmitter): Promise<string> {
  return new Promise((resolve) => emitter.on('close', () => resolve('close')))
}
