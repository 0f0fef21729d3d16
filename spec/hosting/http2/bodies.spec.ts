import { createHash, randomBytes } from 'node:crypto'
import { once } from 'node:events'
import type { IncomingMessage } from 'node:http'
import { constants } from 'node:http2'
import { Readable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { afterEach, describe, expect, it } from '@jest/globals'
import { expressVersions } from '../../support/express-versions.ts'
import { closeHttp2Peers, connectHttp2, connectRaw, openStream, rawFields, request, startHttp2Server } from '../../support/http2-peers.ts'
import { frameTypes, resetCode } from '../../support/raw-http2.ts'

const mebibyte = 1024 * 1024
const block = randomBytes(64 * 1024)

afterEach(closeHttp2Peers)

describe.each(expressVersions)('a body over HTTP/2 with %s', (_name, express) => {
  it('arrives at the server unchanged, even 100 MiB', async () => {
    const app = express()
    app.post('/', async (req, res) => {
      const hash = createHash('sha1')
      await pipeline(req, hash)
      res.send(hash.digest('hex'))
    })
    const session = await connectHttp2(await startHttp2Server(app))
    const stream = openStream(session, { ':path': '/', ':method': 'POST' }).setEncoding('latin1')
    const answer = once(stream, 'data')
    await pipeline(Readable.from(blocks(100 * mebibyte)), stream)
    expect(await answer).toEqual([hashOf(100 * mebibyte)])
  }, 60_000)

  it('arrives at the client unchanged, even 100 MiB', async () => {
    const app = express()
    app.get('/', async (_req, res) => pipeline(Readable.from(blocks(100 * mebibyte)), res))
    const session = await connectHttp2(await startHttp2Server(app))
    const hash = createHash('sha1')
    await pipeline(openStream(session, { ':path': '/' }, true), hash)
    expect(hash.digest('hex')).toBe(hashOf(100 * mebibyte))
  }, 60_000)

  it('stays in the stream until the handler reads', async () => {
    const app = express()
    const unread = new Promise<IncomingMessage>((resolve) => app.post('/', resolve))
    const session = await connectHttp2(await startHttp2Server(app))
    const stream = openStream(session, { ':path': '/', ':method': 'POST' })
    stream.write(block.subarray(0, 10_000))
    const req = await unread
    await roundTrips(session, 3)
    expect(req.readableLength).toBe(0)
    expect(((await once(req, 'data')) as [Buffer])[0].equals(block.subarray(0, 10_000))).toBe(true)
  })

  it('applies back pressure to a client that sends faster than the handler reads', async () => {
    const app = express()
    const isUnread = new Promise<number>((resolve) => {
      app.post('/', (req, res) => {
        req.once('readable', () => resolve(req.readableLength))
        app.once('read', () => pipeline(req, createHash('sha1')).then(() => res.end('read')))
      })
    })
    const session = await connectHttp2(await startHttp2Server(app))
    const stream = openStream(session, { ':path': '/', ':method': 'POST' })
    let sent = 0
    const sending = pipeline(
      Readable.from(blocks(8 * mebibyte), { highWaterMark: 1 }).on('data', () => (sent += block.length)),
      stream,
    )
    expect(await isUnread).toBeLessThanOrEqual(2 * block.length)
    await roundTrips(session, 20)
    // The window of HTTP/2 (64 KiB), and a block on each side of the client's stream.
    expect(sent).toBeLessThanOrEqual(6 * block.length)
    app.emit('read')
    await sending
    expect(await once(stream.setEncoding('utf8'), 'data')).toEqual(['read'])
  })

  it('applies back pressure to a handler that writes faster than the client reads, and emits drain', async () => {
    const app = express()
    let written = 0
    app.get('/', (_req, res) => {
      writeOn()
      function writeOn(): void {
        while (written < 8 * mebibyte) {
          written += block.length
          if (!res.write(block)) {
            res.once('drain', writeOn)
            return
          }
        }
        res.end()
      }
    })
    const session = await connectHttp2(await startHttp2Server(app))
    const stream = openStream(session, { ':path': '/' }, true)
    await once(stream, 'response')
    await roundTrips(session, 20)
    expect(written).toBeLessThanOrEqual(4 * block.length)
    let received = 0
    for await (const chunk of stream) received += (chunk as Buffer).length
    expect(received).toBe(8 * mebibyte)
  })

  it('reports by writableNeedDrain what write() and drain report', async () => {
    const app = express()
    const said = new Promise<unknown[]>((resolve) => {
      app.get('/', (_req, res) => {
        const before = res.writableNeedDrain
        const isRoomLeft = res.write(block)
        const full = res.writableNeedDrain
        res.once('drain', () => resolve([before, isRoomLeft, full, res.writableNeedDrain]))
      })
    })
    const session = await connectHttp2(await startHttp2Server(app))
    openStream(session, { ':path': '/' }, true).resume()
    expect(await said).toEqual([false, false, true, false])
  })

  it('is rejected with NO_ERROR if it is unread when the response is complete, and the connection continues', async () => {
    const app = express()
    app.post('/', (_req, res) => void res.status(401).send('no'))
    app.get('/', (_req, res) => void res.send('still here'))
    const client = await connectRaw(await startHttp2Server(app))
    client.sendHeaders(1, rawFields('POST', '/'))
    client.sendData(1, block.subarray(0, 16_000))
    expect(resetCode(await client.frameOn(1, frameTypes.reset))).toBe(constants.NGHTTP2_NO_ERROR)
    expect((await client.dataOf(1)).toString()).toBe('no')
    client.sendData(1, block.subarray(0, 16_000), true)
    client.sendHeaders(3, rawFields('GET', '/'), true)
    expect((await client.dataOf(3)).toString()).toBe('still here')
  })

  it('can be read on by a handler that has answered already', async () => {
    const app = express()
    const read = new Promise<string>((resolve) => {
      app.post('/', async (req, res) => {
        req.setEncoding('utf8')
        res.status(202).send('accepted')
        let text = ''
        for await (const chunk of req) text += String(chunk)
        resolve(text)
      })
    })
    const session = await connectHttp2(await startHttp2Server(app))
    const stream = openStream(session, { ':path': '/', ':method': 'POST' })
    stream.write('first ')
    await once(stream, 'data')
    stream.end('last')
    expect(await read).toBe('first last')
  })

  it('does not block other streams when its own is blocked', async () => {
    const app = express()
    app.get('/endless', (_req, res) => void Readable.from(blocks(Infinity)).pipe(res))
    app.post('/unread', () => undefined)
    app.get('/', (_req, res) => void res.send('here'))
    const session = await connectHttp2(await startHttp2Server(app))
    const down = openStream(session, { ':path': '/endless' }, true)
    await once(down, 'response')
    const up = openStream(session, { ':path': '/unread', ':method': 'POST' })
    while (up.write(block));
    for (let index = 0; index < 10; index += 1) expect((await request(session, '/')).text).toBe('here')
  })
})

function* blocks(length: number): Generator<Buffer> {
  for (let sent = 0; sent < length; sent += block.length) yield block
}

function hashOf(length: number): string {
  const hash = createHash('sha1')
  for (const part of blocks(length)) hash.update(part)
  return hash.digest('hex')
}

/** Waits, without a clock, for what was going to happen. */
async function roundTrips(session: Awaited<ReturnType<typeof connectHttp2>>, count: number): Promise<void> {
  for (let index = 0; index < count; index += 1) {
    await new Promise<void>((resolve) => {
      session.ping(() => resolve())
    })
  }
}
