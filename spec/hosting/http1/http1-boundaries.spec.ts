import { createServer } from 'node:http'
import type { Socket } from 'node:net'
import { Duplex } from 'node:stream'
import { afterEach, describe, expect, it } from '@jest/globals'
import { composePipeline } from '../../fuzz/compose-pipeline.ts'
import { createPipelineApp } from '../../fuzz/pipeline-app.ts'
import type { PipelineApp } from '../../fuzz/pipeline-app.ts'
import { playPipeline } from '../../fuzz/play-pipeline.ts'
import { Random } from '../../fuzz/random.ts'
import { closeHttp1Peers } from '../../support/http1-peers.ts'
import { http1Starts, startHttp1Server } from '../../support/http1-server.ts'
import type { Http1Server } from '../../support/http1-server.ts'
import { handshakeHead, RawHttp1Client, SAMPLE_KEY } from '../../support/raw-http1.ts'
import { rawFrame } from '../../support/raw-frames.ts'
import { until } from '../../support/until.ts'

afterEach(closeHttp1Peers)

const ADMIN = 'GET /admin HTTP/1.1\r\nHost: a\r\n\r\n'
const LAST = 'GET /last HTTP/1.1\r\nHost: a\r\n\r\n'

function post(body: string, route = 'early'): string {
  return `POST /${route}/0 HTTP/1.1\r\nHost: a\r\nContent-Length: ${body.length}\r\n\r\n${body}`
}

const refused = (headers = {}): string => handshakeHead(headers, 'GET /refuse/1 HTTP/1.1')

/** The only middleware. */
const seenBy = ({ witnesses }: PipelineApp): readonly string[] => [...witnesses.values()].flatMap(({ requests }) => requests)

const starts: (readonly [name: string, start: (app: PipelineApp) => Promise<Http1Server>])[] = [
  ...http1Starts.map(([name, start]) => [name, async ({ app }: PipelineApp) => start(app)] as const),
  ['http, whose listeners an agent has wrapped', startWithAgent],
  ['a Duplex', startOverDuplex],
]

/** Tracing agents wrap listeners in functions of their own. */
async function startWithAgent({ app }: PipelineApp): Promise<Http1Server> {
  const started = await startHttp1Server(app)
  started.server.on('connection', (socket: Socket) => {
    const [listener] = socket.listeners('data') as ((chunk: Buffer) => void)[]
    if (listener === undefined) throw new Error('The server does not listen to its connection')
    socket.removeListener('data', listener)
    socket.on('data', function traced(chunk: Buffer) {
      listener.call(socket, chunk)
    })
  })
  return started
}

/** A server that gets its connections from another server. */
async function startOverDuplex({ app }: PipelineApp): Promise<Http1Server> {
  const server = createServer(app)
  const outer = await startHttp1Server(app)
  outer.server.removeAllListeners('connection')
  outer.server.on('connection', (socket: Socket) => {
    const duplex = new Duplex({
      read: () => void socket.resume(),
      write: (chunk, _encoding, done) => void socket.write(chunk as Buffer, done),
      final: (done) => void socket.end(done),
      destroy: (error, done) => {
        socket.destroy()
        done(error)
      },
    })
    socket.on('data', (chunk) => {
      if (!duplex.push(chunk)) socket.pause()
    })
    socket.on('end', () => duplex.push(null))
    socket.on('error', () => duplex.destroy())
    server.emit('connection', Object.assign(duplex, { remotePort: socket.remotePort }))
  })
  return outer
}

describe.each(starts)('on a connection over %s', (_name, start) => {
  it.each([
    ['ends with a space', refused({ X: 'x ' }), ''],
    ['is followed by a byte', refused({ X: 'x' }), 'G'],
    ['is followed by a request', refused({ X: 'x' }), ADMIN],
    ['has too many fields', refused({ X: Array.from({ length: 1100 }, () => 'x') }), ''],
    ['is malformed', refused({ 'Sec-WebSocket-Version': '12', X: 'x ' }), ADMIN],
  ])('never treats a body as a request before a refused handshake that %s', async (_what, handshake, rest) => {
    const app = createPipelineApp(false)
    const client = await RawHttp1Client.connect(await start(app))
    client.write(post(`${SAMPLE_KEY} x\r\n\r\n${ADMIN}`), handshake, rest)
    await until(() => / (?:400|401) /.test(client.received.toString('latin1')) || client.ending !== undefined)
    client.write(LAST)
    await until(() => client.ending !== undefined || client.received.includes('/last'))
    const seen = seenBy(app).filter((line) => line !== 'GET /last')
    // Node 22 and later answer 431 to more than 1,024 fields, without calling the application.
    const isServed = seen.length > 1 || handshake.length < 6000
    expect(seen).toEqual(['POST /early/0', 'GET /refuse/1'].slice(0, isServed ? 2 : 1))
  })

  it('executes requests in front of a refused handshake once', async () => {
    const app = createPipelineApp(false)
    const client = await RawHttp1Client.connect(await start(app))
    client.write(post('x').repeat(200), refused({ X: 'x ' }))
    await client.receive(' 401 ')
    expect(seenBy(app)).toHaveLength(201)
  })

  it.each(
    [
      ['a refused handshake', refused()],
      ['a malformed handshake', refused({ 'Sec-WebSocket-Version': '12' })],
      ['another upgrade', 'GET /plain/1 HTTP/1.1\r\nHost: a\r\nConnection: Upgrade\r\nUpgrade: h2c\r\n\r\n'],
      [
        'another upgrade with a body',
        'POST /late/1 HTTP/1.1\r\nHost: a\r\nConnection: Upgrade\r\nUpgrade: h2c\r\nContent-Length: 2\r\n\r\nab',
      ],
    ].flatMap(([what = '', upgrade = '']) => [
      [what, upgrade, false] as const,
      [`${what}, and useWebSockets() runs late`, upgrade, true] as const,
    ]),
  )('never treats the rest of a body as a request if its beginning arrives in one chunk with %s', async (_what, upgrade, isLate) => {
    const app = createPipelineApp(isLate)
    const server = await start(app)
    const client = await RawHttp1Client.connect(server)
    // Not the first request of its connection.
    client.write(LAST)
    await client.receive('answer to /last')
    client.write(upgrade, `POST /early/2 HTTP/1.1\r\nHost: a\r\nContent-Length: ${ADMIN.length}\r\n\r\n`)
    await until(() => seenBy(app).length > 1)
    client.write(ADMIN)
    await until(() => client.ending !== undefined)
    expect(seenBy(app)).toHaveLength(2)
  })

  it('passes the bytes after a handshake to the accepted WebSocket, on a used connection, too', async () => {
    const app = createPipelineApp(false)
    const client = await RawHttp1Client.connect(await start(app))
    const handshake = handshakeHead({ X: 'x ' }, 'GET /accept/1 HTTP/1.1')
    client.write(post(`${SAMPLE_KEY} x\r\n\r\n`))
    await client.receive('answer')
    client.write(post(`${SAMPLE_KEY} x\r\n\r\n${handshake}`, 'late'), handshake, rawFrame(1, 'one'))
    client.write(rawFrame(1, 'two'))
    const [witness] = app.witnesses.values()
    await until(() => witness?.messages.length === 2)
    expect(witness?.messages).toEqual(['one', 'two'])
  })

  it.each([
    [false, 'composed'],
    [true, 'composed, behind an asynchronous middleware'],
  ])('passes exactly the composed requests to the application (%s: %s)', async (isLate) => {
    const app = createPipelineApp(isLate)
    const server = await start(app)
    const faults: string[] = []
    for (let seed = 1; seed <= 150; seed++) {
      const found = await playPipeline(composePipeline(new Random(seed)), server, app)
      faults.push(...found.map((fault) => `seed ${seed}: the application ${fault}`))
    }
    expect(faults).toEqual([])
  })
})
