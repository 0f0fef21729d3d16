import { once } from 'node:events'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { constants } from 'node:http2'
import type { ServerHttp2Stream } from 'node:http2'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { PassThrough, pipeline } from 'node:stream'
import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals'
import type { Response } from 'express'
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
import { until } from '../../support/until.ts'
import { endsStream, frameTypes, resetCode } from '../../support/raw-http2.ts'

const directory = mkdtempSync(join(tmpdir(), 'http2-responses-'))
const file = join(directory, 'file.txt')

beforeAll(() => writeFileSync(file, 'the contents of the file'))
afterAll(() => rmSync(directory, { recursive: true }))
afterEach(closeHttp2Peers)

describe.each(expressVersions)('a response over HTTP/2 from %s', (_name, express) => {
  it('has status, header fields and body, without the connection fields of HTTP/1.1', async () => {
    const app = express()
    app.get('/', (_req, res) => {
      res.set({ connection: 'keep-alive', 'keep-alive': 'timeout=5', upgrade: 'h2c', 'proxy-connection': 'close', 'x-mine': 'yes' })
      res.status(201).cookie('a', '1').cookie('b', '2').send('made')
    })
    const session = await connectHttp2(await startHttp2Server(app))
    const { status, headers, text } = await request(session, '/')
    expect([status, text, headers['x-mine'], headers['content-length']]).toEqual([201, 'made', 'yes', '4'])
    expect(headers['set-cookie']).toEqual(['a=1; Path=/', 'b=2; Path=/'])
    expect(headers.date).toMatch(/GMT$/)
    expect(Object.keys(headers)).not.toEqual(expect.arrayContaining([expect.stringMatching(/connection|keep-alive|upgrade/)]))
  })

  it('is a 500 if the application ends it with a 1xx status, which cannot be final', async () => {
    const app = express()
    app.all('/:status', (req, res) => void res.status(Number(req.params['status'])).end())
    const session = await connectHttp2(await startHttp2Server(app))
    for (const path of ['/101', '/103']) expect((await request(session, path)).status).toBe(500)
  })

  it('to HEAD has the header block without a body, and no file is read for it', async () => {
    const app = express()
    app.get('/', (_req, res) => void res.send('long enough'))
    app.get('/file', (_req, res) => res.sendFile(file))
    const session = await connectHttp2(await startHttp2Server(app))
    for (const [path, length] of [
      ['/', '11'],
      ['/file', '24'],
    ] as const) {
      const answer = await request(session, path, { ':method': 'HEAD' })
      expect([answer.status, answer.headers['content-length'], answer.body.length]).toEqual([200, length, 0])
    }
  })

  it('sends files, in whole or in part, and 304 if the client has them', async () => {
    const app = express()
    app.get('/file', (_req, res) => res.sendFile(file))
    app.use('/static', express.static(directory))
    const session = await connectHttp2(await startHttp2Server(app))
    const whole = await request(session, '/file')
    expect([whole.status, whole.text]).toEqual([200, 'the contents of the file'])
    const part = await request(session, '/static/file.txt', { range: 'bytes=4-11' })
    expect([part.status, part.text, part.headers['content-range']]).toEqual([206, 'contents', 'bytes 4-11/24'])
    const unchanged = await request(session, '/static/file.txt', { 'if-none-match': String(whole.headers.etag) })
    expect([unchanged.status, unchanged.body.length]).toEqual([304, 0])
    const beyond = await request(session, '/file', { range: 'bytes=99-' })
    expect(beyond.status).toBe(416)
  })

  it('redirects', async () => {
    const app = express()
    app.get('/', (_req, res) => res.redirect('/there'))
    const session = await connectHttp2(await startHttp2Server(app))
    const { status, headers } = await request(session, '/')
    expect([status, headers.location]).toEqual([302, '/there'])
  })

  it.each([204, 205, 304])('ends with its header block at status %i, and emits finish', async (code) => {
    const app = express()
    const finished = new Promise<void>((resolve) => {
      app.get('/', (_req, res) => {
        res.on('finish', resolve)
        res.status(code).end()
      })
    })
    const client = await connectRaw(await startHttp2Server(app))
    client.sendHeaders(1, rawFields('GET', '/'), true)
    expect(endsStream(await client.frameOn(1, frameTypes.headers))).toBe(true)
    await finished
  })

  it('ends with its header block if end() has no data', async () => {
    const app = express()
    app.get('/', (_req, res) => void res.status(404).end())
    const client = await connectRaw(await startHttp2Server(app))
    client.sendHeaders(1, rawFields('GET', '/'), true)
    expect(endsStream(await client.frameOn(1, frameTypes.headers))).toBe(true)
  })

  it('is a page with 404 if there is no route, and with 500 if a handler throws an error', async () => {
    const app = express()
    app.set('env', 'test')
    app.get('/error', () => {
      throw new Error('of the handler')
    })
    const session = await connectHttp2(await startHttp2Server(app))
    const missing = await request(session, '/missing')
    expect([missing.status, missing.text]).toEqual([404, expect.stringContaining('Cannot GET /missing')])
    const failed = await request(session, '/error')
    expect([failed.status, failed.text]).toEqual([500, expect.stringContaining('of the handler')])
  })

  it('is reset with INTERNAL_ERROR if a handler fails in the middle, so that it does not look complete', async () => {
    const app = express()
    app.set('env', 'test')
    app.get('/', (_req, res, next) => {
      res.write('first half', () => next(new Error('of the handler')))
    })
    const client = await connectRaw(await startHttp2Server(app))
    client.sendHeaders(1, rawFields('GET', '/'), true)
    expect(resetCode(await client.frameOn(1, frameTypes.reset))).toBe(constants.NGHTTP2_INTERNAL_ERROR)
    expect(client.frames.some((frame) => frame.streamId === 1 && endsStream(frame))).toBe(false)
  })

  it('stays complete if its socket is destroyed after it was sent', async () => {
    const app = express()
    app.post('/', (req, res) => {
      res.on('finish', () => req.socket.destroy())
      res.send('all of it')
    })
    const client = await connectRaw(await startHttp2Server(app))
    client.sendHeaders(1, rawFields('POST', '/'))
    expect(resetCode(await client.frameOn(1, frameTypes.reset))).toBe(constants.NGHTTP2_NO_ERROR)
    expect((await client.dataOf(1)).toString()).toBe('all of it')
  })

  it('is reset with INTERNAL_ERROR if its source fails in pipe()', async () => {
    const app = express()
    app.get('/', (_req, res) => {
      const source = new PassThrough()
      pipeline(source, res, () => undefined)
      source.write('first half')
      res.once('pipe', () => undefined)
      setImmediate(() => source.destroy(new Error('of the source')))
    })
    const client = await connectRaw(await startHttp2Server(app))
    client.sendHeaders(1, rawFields('GET', '/'), true)
    expect(resetCode(await client.frameOn(1, frameTypes.reset))).toBe(constants.NGHTTP2_INTERNAL_ERROR)
  })

  it('sends trailers, and before them early hints and 102', async () => {
    const app = express()
    app.get('/', (_req, res) => {
      res.writeEarlyHints({ link: '</style.css>; rel=preload; as=style', 'x-hint': 'mine' })
      res.writeProcessing()
      res.set('Trailer', 'X-Sum').write('body')
      res.addTrailers([
        ['X-Sum', 'abc'],
        ['X-Other', 'd: e'],
      ])
      res.end()
    })
    const session = await connectHttp2(await startHttp2Server(app))
    const stream = openStream(session, { ':path': '/' }, true)
    const information: unknown[] = []
    stream.on('headers', (fields) => information.push([fields[':status'], fields['link'], fields['x-hint']]))
    const answer = await readAnswer(stream)
    expect(information).toEqual([
      [103, '</style.css>; rel=preload; as=style', 'mine'],
      [102, undefined, undefined],
    ])
    expect([answer.text, answer.trailers['x-sum'], answer.trailers['x-other']]).toEqual(['body', 'abc', 'd: e'])
  })

  it('streams server-sent events as they are written, until the client disconnects', async () => {
    const app = express()
    const closed = new Promise<void>((resolve) => {
      app.get('/events', (_req, res) => {
        res.on('close', resolve)
        res.type('text/event-stream').flushHeaders()
        res.write('data: 1\n\n')
        app.once('next', () => res.write('data: 2\n\n'))
      })
    })
    const session = await connectHttp2(await startHttp2Server(app))
    const stream = openStream(session, { ':path': '/events' }, true).setEncoding('utf8')
    const [headers] = (await once(stream, 'response')) as [Record<string, string>]
    expect(headers['content-type']).toBe('text/event-stream; charset=utf-8')
    expect(await once(stream, 'data')).toEqual(['data: 1\n\n'])
    app.emit('next')
    expect(await once(stream, 'data')).toEqual(['data: 2\n\n'])
    stream.close(constants.NGHTTP2_CANCEL)
    await closed
  })

  it('emits finish and close once each, in this order, and calls every callback', async () => {
    const app = express()
    const events: string[] = []
    const closed = new Promise<void>((resolve) => {
      app.get('/', (_req, res) => {
        for (const event of ['prefinish', 'finish', 'close']) res.on(event, () => events.push(event))
        res.on('close', () => setImmediate(resolve))
        res.write('a', () => events.push('written'))
        res.end('b', () => events.push('ended'))
      })
    })
    const session = await connectHttp2(await startHttp2Server(app))
    expect((await request(session, '/')).text).toBe('ab')
    await closed
    expect(events.toSorted()).toEqual(['close', 'ended', 'finish', 'prefinish', 'written'])
    expect(events.indexOf('finish')).toBeLessThan(events.indexOf('close'))
    expect(events.indexOf('written')).toBeLessThan(events.indexOf('finish'))
  })

  it('reports its state as a response of node:http does', async () => {
    const app = express()
    const seen: unknown[] = []
    app.get('/', (_req, res) => {
      const note = (): unknown => seen.push([res.headersSent, res.writableEnded, res.writableFinished, res.destroyed])
      note()
      res.flushHeaders()
      note()
      res.end('x')
      note()
      res.on('finish', note)
    })
    const session = await connectHttp2(await startHttp2Server(app))
    await request(session, '/')
    expect(seen).toEqual([
      [false, false, false, false],
      [true, false, false, false],
      [true, true, false, false],
      [true, true, true, false],
    ])
  })

  it('reports a client that disconnects while a file is sent', async () => {
    const app = express()
    const reported = new Promise<Error | undefined>((resolve) => {
      app.get('/', (_req, res) => {
        res.on('close', () => res.sendFile(file, (error?: Error) => resolve(error)))
        client.sendReset(1, constants.NGHTTP2_CANCEL)
      })
    })
    const client = await connectRaw(await startHttp2Server(app))
    client.sendHeaders(1, rawFields('GET', '/'), true)
    expect(await reported).toMatchObject({ code: 'ECONNABORTED' })
  })

  it('ignores writes after the client has disconnected', async () => {
    const app = express()
    const written = new Promise<boolean>((resolve) => {
      app.get('/', (_req, res) => {
        res.on('close', () => {
          const isRoomLeft = res.write('to nobody')
          res.end()
          resolve(isRoomLeft)
        })
        client.sendReset(1, constants.NGHTTP2_CANCEL)
      })
    })
    const client = await connectRaw(await startHttp2Server(app))
    client.sendHeaders(1, rawFields('GET', '/'), true)
    expect(await written).toBe(false)
  })

  it('calls the callback of every write() when the stream fails', async () => {
    const app = express()
    const called: string[] = []
    const note = (name: string) => (error?: Error | null) => void called.push(`${name}: ${error?.message ?? 'written'}`)
    app.get('/', (_req, res) => {
      // More than the flow-control window.
      res.write(Buffer.alloc(1_000_000), note('long'))
      res.write('', note('empty'))
      streamOf(res).destroy(new Error('a fault'))
    })
    const client = await connectRaw(await startHttp2Server(app))
    client.sendHeaders(1, rawFields('GET', '/'), true)
    await until(() => called.length >= 2)
    expect(called).toEqual(['long: a fault', 'empty: a fault'])
  })

  it('emits timeout if there is a listener, and is reset if there is none', async () => {
    const app = express()
    app.get('/heard', (_req, res) => void res.setTimeout(10, () => res.status(503).send('late')))
    app.get('/unheard', (req) => void req.socket.setTimeout(10))
    const session = await connectHttp2(await startHttp2Server(app))
    expect((await request(session, '/heard')).text).toBe('late')
    expect((await request(session, '/unheard')).closeCode).not.toBe(constants.NGHTTP2_NO_ERROR)
  })
})

function streamOf(response: Response): ServerHttp2Stream {
  return (response as unknown as { readonly stream: ServerHttp2Stream }).stream
}
