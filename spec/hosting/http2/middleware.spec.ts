import { once } from 'node:events'
import { gunzipSync } from 'node:zlib'
import compression from 'compression'
import connectApp from 'connect'
import cookieParser from 'cookie-parser'
import { rateLimit } from 'express-rate-limit'
import expressSession from 'express-session'
import helmet from 'helmet'
import morgan from 'morgan'
import { afterEach, describe, expect, it } from '@jest/globals'
import { expressVersions } from '../../support/express-versions.ts'
import { closeHttp2Peers, connectHttp2, openStream, readAnswer, request, startHttp2Server } from '../../support/http2-peers.ts'

declare module 'express-session' {
  interface SessionData {
    visits: number
  }
}

afterEach(closeHttp2Peers)

describe.each(expressVersions)('middleware over HTTP/2 with %s', (_name, express) => {
  it('keeps a session from one request to the next', async () => {
    const app = express()
    app.use(expressSession({ secret: 'spec', resave: false, saveUninitialized: false }))
    app.get('/', (req, res) => {
      req.session.visits = (req.session.visits ?? 0) + 1
      res.json(req.session.visits)
    })
    const session = await connectHttp2(await startHttp2Server(app))
    const first = await request(session, '/')
    const cookie = first.headers['set-cookie']?.[0]?.split(';')[0] ?? ''
    expect([first.text, (await request(session, '/', { cookie })).text, (await request(session, '/', { cookie })).text]).toEqual([
      '1',
      '2',
      '3',
    ])
  })

  it('compresses bodies that are sent at once, and those that are written in pieces and flushed', async () => {
    const app = express()
    app.use(compression({ threshold: 0 }))
    app.get('/', (_req, res) => void res.send('x'.repeat(10_000)))
    app.get('/pieces', (_req, res) => {
      res.type('text').write('first ')
      res.flush()
      app.once('next', () => res.end('last'))
    })
    const session = await connectHttp2(await startHttp2Server(app))
    const whole = await request(session, '/', { 'accept-encoding': 'gzip' })
    expect([whole.headers['content-encoding'], gunzipSync(whole.body).length]).toEqual(['gzip', 10_000])
    const stream = openStream(session, { ':path': '/pieces', 'accept-encoding': 'gzip' }, true)
    const pieces = readAnswer(stream)
    await once(stream, 'data')
    app.emit('next')
    expect(gunzipSync((await pieces).body).toString()).toBe('first last')
  })

  it('logs one line per request, with the protocol and the actual status', async () => {
    const app = express()
    const lines: string[] = []
    app.use(
      morgan(':method :url :status HTTP/:http-version :remote-addr :res[content-length]', {
        stream: { write: (line) => lines.push(line) },
      }),
    )
    app.get('/', (_req, res) => void res.send('body'))
    const session = await connectHttp2(await startHttp2Server(app))
    await request(session, '/')
    await request(session, '/', { ':method': 'HEAD' })
    await request(session, '/missing')
    expect(lines.map((line) => line.trim())).toEqual([
      'GET / 200 HTTP/2.0 127.0.0.1 4',
      'HEAD / 200 HTTP/2.0 127.0.0.1 4',
      expect.stringMatching(/^GET \/missing 404 HTTP\/2\.0 127\.0\.0\.1 \d+$/),
    ])
  })

  it('reads cookies, limits rates and sets security headers', async () => {
    const app = express()
    app.use(helmet(), cookieParser(), rateLimit({ limit: 1, windowMs: 60_000, standardHeaders: 'draft-8', legacyHeaders: false }))
    app.get('/', (req, res) => void res.json(req.cookies))
    const session = await connectHttp2(await startHttp2Server(app))
    const first = await request(session, '/', { cookie: ['a=1', 'b=2'] })
    expect(JSON.parse(first.text)).toEqual({ a: '1', b: '2' })
    expect(first.headers['x-content-type-options']).toBe('nosniff')
    expect((await request(session, '/')).status).toBe(429)
  })
})

describe('an application that is not Express, over HTTP/2', () => {
  it('can be a Connect application', async () => {
    const app = connectApp()
    app.use('/mounted', (req, res) => res.end(`${req.method} ${req.url} ${req.originalUrl}`))
    const session = await connectHttp2(await startHttp2Server(app))
    expect((await request(session, '/mounted/path')).text).toBe('GET /path /mounted/path')
  })

  it('can be a plain listener', async () => {
    const session = await connectHttp2(await startHttp2Server((req, res) => res.writeHead(201, { 'X-Url': req.url }).end('plain')))
    const { status, headers, text } = await request(session, '/path')
    expect([status, headers['x-url'], headers.date, text]).toEqual([201, '/path', expect.stringMatching(/GMT$/), 'plain'])
  })

  it.each([
    ['a flat list', ['x-many', '1', 'x-many', '2', 'x-one', 3]],
    ['a list of pairs', [['x-many', '1'] as const, ['x-many', '2'] as const, ['x-one', 3] as const]],
    ['an object', { 'X-Many': ['1', '2'], 'x-one': 3 }],
  ])('can write its head as %s', async (_form, head) => {
    const session = await connectHttp2(await startHttp2Server((_req, res) => res.writeHead(200, head as string[]).end()))
    const { headers } = await request(session, '/')
    expect([headers['x-many'], headers['x-one']]).toEqual(['1, 2', '3'])
  })
})
