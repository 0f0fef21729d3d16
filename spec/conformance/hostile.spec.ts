import { afterAll, afterEach, beforeAll, describe, expect, it, jest } from '@jest/globals'
import { once } from 'node:events'
import { closePayload, rawFrame } from '../support/raw-frames.ts'
import { handshakeHead } from '../support/raw-http1.ts'
import { compressionBombs, compressionCases } from './hostile/compression-cases.ts'
import { closeCases, frameCases } from './hostile/frame-cases.ts'
import { handshakeCases } from './hostile/handshake-cases.ts'
import { writeManyTimes, writeUntilStuck } from './hostile/floods.ts'
import type { HostileServer } from './hostile/hostile-server.ts'
import { describeFrame, playFrames, playFramesAndEnd } from './hostile/play-frames.ts'
import { readHttp1Answer } from './hostile/read-answer.ts'
import { Scene } from './hostile/scene.ts'
import { LARGE_MESSAGE_LIMIT } from './hostile/server-settings.ts'
import { connectOver, openOver, readFrames, transportNames } from './hostile/transports.ts'

jest.setTimeout(20_000)

const MEGABYTE = 1024 * 1024
const DEFLATE = { 'Sec-WebSocket-Extensions': 'permessage-deflate' }
const text = rawFrame(1, 'abc')
const close = rawFrame(8, closePayload(1000))
let scene: Scene
let server: HostileServer

beforeAll(async () => {
  // On Node 20, a TLS write to a peer that has reset the connection may neither finish nor fail. This ends it.
  scene = await Scene.set({ closeTimeout: 3000 })
  server = scene.server
})

afterAll(() => scene.clear())

describe.each(['http', 'https'] as const)('a handshake over %s', (transport) => {
  afterEach(() => scene.recover(transport))

  it.each(handshakeCases)('with $name gets $expected', async ({ request, expected, forbidden, required }) => {
    const { socket } = await connectOver(transport, server.ports)
    socket.write(request, 'latin1')
    const { status, head } = await readHttp1Answer(socket)
    expect(expected).toContain(status)
    expect(head).not.toMatch(forbidden)
    expect(head).toMatch(required)
  })
})

describe.each(transportNames)('on a WebSocket over %s', (transport) => {
  afterEach(() => scene.recover(transport))

  it.each([...frameCases, ...closeCases])('$name gives $expected', async ({ bytes, expected }) => {
    expect(await playFrames(await openOver(transport, server.ports), bytes)).toEqual(expected)
  })

  it.each(compressionCases)('with compression, $name gives $expected', async ({ bytes, expected }) => {
    const webSocket = await openOver(transport, server.ports, { fields: DEFLATE })
    expect(webSocket.headers['sec-websocket-extensions']).toBe('permessage-deflate')
    expect(await playFrames(webSocket, bytes)).toEqual(expected)
  })

  it.each(compressionBombs)('with compression, $name gives $expected without using memory', async ({ bytes, expected }) => {
    const growth = await server.growthDuring(async () => {
      expect(await playFrames(await openOver(transport, server.ports, { fields: DEFLATE }), bytes)).toEqual(expected)
    })
    expect(growth).toBeLessThan(64 * MEGABYTE)
  })

  it.each([
    ['a message', [text, close], ['text "abc"', 'close 1000']],
    ['an unmasked frame', [rawFrame(1, 'abc', { mask: false })], ['close 1002']],
    ['bad UTF-8', [rawFrame(1, Buffer.of(0xff))], ['close 1007']],
    ['a Close', [close], ['close 1000']],
  ])('%s sent before the 101 is received', async (_what, frames, expected) => {
    expect(await playFrames(await openOver(transport, server.ports, { early: Buffer.concat(frames) }))).toEqual(expected)
  })

  it.each([
    ['nothing', [], []],
    ['half a frame', [text.subarray(0, 7)], []],
    ['a message', [text], ['text "abc"']],
    ['a message and a Close', [text, close], ['text "abc"', 'close 1000']],
  ])("the end of the client's side after %s ends the connection", async (_what, frames, expected) => {
    expect(await playFramesAndEnd(await openOver(transport, server.ports), ...frames)).toEqual(expected)
  })

  it.each([
    ['nothing', Buffer.alloc(0)],
    ['half a frame', text.subarray(0, 7)],
    ['a Close', close],
    ['large messages', Buffer.concat(Array.from({ length: 64 }, () => rawFrame(2, Buffer.alloc(65_536))))],
  ])('a reset after %s harms no other connection', async (_what, bytes) => {
    const webSocket = await openOver(transport, server.ports)
    // The server need not read what it has no room for.
    await Promise.race([new Promise((resolve) => webSocket.duplex.write(bytes, resolve)), once(webSocket.duplex, 'readable')])
    webSocket.reset()
    expect(server.isAlive).toBe(true)
  })

  it('a frame that arrives byte by byte is received', async () => {
    const webSocket = await openOver(transport, server.ports)
    for (const byte of text) await new Promise((resolve) => webSocket.duplex.write(Buffer.of(byte), resolve))
    expect(await playFrames(webSocket, close)).toEqual(['text "abc"', 'close 1000'])
  })
})

describe.each(['http', 'https'] as const)('a client over %s', (transport) => {
  afterEach(() => scene.recover(transport))

  it('is answered if its request arrives byte by byte', async () => {
    const { socket } = await connectOver(transport, server.ports)
    for (const byte of Buffer.from(handshakeHead())) await new Promise((resolve) => socket.write(Buffer.of(byte), resolve))
    expect(await readHttp1Answer(socket)).toMatchObject({ status: 101 })
  })

  it.each([
    ['accepted', 'GET /ws HTTP/1.1'],
    ['refused', 'GET /nowhere HTTP/1.1'],
  ])('harms no other connection if it resets after a request that is %s', async (_how, requestLine) => {
    const { socket, reset } = await connectOver(transport, server.ports)
    await new Promise((resolve) => socket.write(handshakeHead({}, requestLine), resolve))
    reset()
    expect(server.isAlive).toBe(true)
  })

  it('is disconnected if it ends its side after the request', async () => {
    const { socket } = await connectOver(transport, server.ports)
    socket.end(handshakeHead())
    expect([101, 'closed']).toContain((await readHttp1Answer(socket)).status)
  })

  it('gets no answer to a request after the handshake, because it is not a frame', async () => {
    const early = Buffer.from('GET /page HTTP/1.1\r\nHost: a\r\n\r\n')
    expect(await playFrames(await openOver(transport, server.ports, { early }))).toEqual(['close 1002'])
  })

  it('can open a hundred WebSockets at once', async () => {
    const webSockets = await Promise.all(Array.from({ length: 100 }, () => openOver(transport, server.ports)))
    const answers = await Promise.all(webSockets.map((webSocket) => playFrames(webSocket, text, close)))
    expect(answers).toEqual(answers.map(() => ['text "abc"', 'close 1000']))
  })
})

describe.each(['http', 'h2'] as const)('a flood over %s', (transport) => {
  afterEach(() => scene.recover(transport))

  it.each([
    ['100,000 Pings', many(rawFrame(9, 'now'), 1000), 100, ['close 1000']],
    ['a million fragments of one byte', many(rawFrame(0, 'x', { isFinal: false }), 10_000), 120, ['close 1009']],
    ['a million empty fragments', many(rawFrame(0, '', { isFinal: false }), 10_000), 100, ['binary 78', 'close 1000']],
  ])('of %s uses no memory', async (_what, chunk, times, expected) => {
    const growth = await server.growthDuring(async () => {
      const webSocket = await openOver(transport, server.ports)
      const isFragmented = !expected.includes('close 1000') || expected.length > 1
      webSocket.duplex.write(isFragmented ? rawFrame(2, 'x', { isFinal: false }) : rawFrame(9))
      const peer = readFrames(webSocket)
      await writeManyTimes(webSocket.duplex, chunk, times)
      if (!webSocket.duplex.destroyed) webSocket.duplex.end(Buffer.concat([isFragmented ? rawFrame(0) : rawFrame(9), close]))
      await peer.ended
      const frames = peer.frames.map(describeFrame).filter((frame) => !frame.startsWith('pong'))
      expect(frames).toEqual(expected)
    })
    expect(growth).toBeLessThan(100 * MEGABYTE)
  })

  it.each([
    ['Pings', many(rawFrame(9, 'x'.repeat(125)), 500), 500],
    ['messages', rawFrame(2, Buffer.alloc(65_536)), 8000],
  ])('of %s whose answers are not read uses no memory', async (_what, chunk, times) => {
    const growth = await server.growthDuring(async () => {
      const { duplex } = await openOver(transport, server.ports)
      await writeUntilStuck(duplex, chunk, times)
    })
    expect(growth).toBeLessThan(100 * MEGABYTE)
  })

  it('of announced lengths uses no memory', async () => {
    const growth = await server.growthDuring(async () => {
      const header = rawFrame(2, '', { announcedLength: BigInt(LARGE_MESSAGE_LIMIT), extendedLengthSize: 8 })
      for (let index = 0; index < 50; index++) {
        const webSocket = await openOver(transport, server.ports, { path: '/large' })
        await readFrames(webSocket).send(header, rawFrame(9).subarray(0, 1))
      }
      // The server has processed what was sent before.
      await playFrames(await openOver(transport, server.ports), close)
    })
    expect(growth).toBeLessThan(100 * MEGABYTE)
  })
})

describe('a flood', () => {
  afterEach(() => scene.recover('http'))

  it('of segments of one byte uses no memory', async () => {
    const frame = rawFrame(2, Buffer.alloc(100_000))
    const growth = await server.growthDuring(async () => {
      const webSocket = await openOver('http', server.ports)
      for (const byte of frame) await new Promise((resolve) => webSocket.duplex.write(Buffer.of(byte), resolve))
      expect(await playFrames(webSocket, close)).toEqual(['binary[100000]', 'close 1000'])
    })
    expect(growth).toBeLessThan(100 * MEGABYTE)
  })

  it('of incomplete requests harms no other connection', async () => {
    for (let index = 0; index < 200; index++) {
      const { socket, reset } = await connectOver('http', server.ports)
      await new Promise((resolve) => socket.write(handshakeHead().slice(0, 60), resolve))
      if (index % 2 === 0) reset()
    }
    expect(server.isAlive).toBe(true)
  })
})

function many(frame: Uint8Array, times: number): Buffer {
  return Buffer.concat(Array.from({ length: times }, () => frame))
}
