import { afterAll, afterEach, beforeAll, describe, expect, it, jest } from '@jest/globals'
import { once } from 'node:events'
import { endsStream, frameTypes } from '../support/raw-http2.ts'
import type { RawFrame, RawHttp2Client } from '../support/raw-http2.ts'
import { closePayload, rawFrame } from '../support/raw-frames.ts'
import type { HostileServer } from './hostile/hostile-server.ts'
import { http2HandshakeCases, http2Offers } from './hostile/http2-cases.ts'
import { playFrames } from './hostile/play-frames.ts'
import { connectFields, connectRawHttp2, framesOf, openRaw, outcomeOf, PING, roundTrip } from './hostile/raw-http2-client.ts'
import { Scene } from './hostile/scene.ts'
import { connectOver, openOver } from './hostile/transports.ts'

jest.setTimeout(20_000)

const MEGABYTE = 1024 * 1024
const text = rawFrame(1, 'abc')
const close = rawFrame(8, closePayload(1000))
const echoed = ['text "abc"', 'close 1000']
let scene: Scene
let server: HostileServer

beforeAll(async () => {
  scene = await Scene.set({ closeTimeout: 3000 })
  server = scene.server
})

afterAll(() => scene.clear())

describe.each(['h2c', 'h2'] as const)('over %s', (transport) => {
  afterEach(() => scene.recover(transport))

  const connect = (settings?: Parameters<typeof connectRawHttp2>[2]) => connectRawHttp2(transport, server.ports, settings)

  it('announces extended CONNECT in its first SETTINGS', async () => {
    const { client } = await connect()
    expect(client.frames[0]?.type).toBe(frameTypes.settings)
    expect(client.frames[0]?.payload.includes(Buffer.from('000800000001', 'hex'))).toBe(true)
  })

  it.each(http2HandshakeCases)('answers a handshake with $name with $expected', async ({ fields, expected }) => {
    const { client } = await connect()
    client.sendHeaders(1, fields)
    expect(await outcomeOf(client, 1)).toMatch(expected)
  })

  it.each(http2Offers)('declines %s: %s', async (name, value) => {
    const { headers } = await openOver(transport, server.ports, { fields: { [name]: value } })
    expect(headers).not.toHaveProperty([name])
  })

  it('answers 200 without the fields of HTTP/1.1 and without features that were not requested', async () => {
    const { headers } = await openOver(transport, server.ports)
    expect(Object.keys(headers).filter((name) => /^(connection|upgrade|sec-websocket-.*)$/.test(name))).toEqual([])
  })

  it('accepts an offer of compression', async () => {
    const { headers } = await openOver(transport, server.ports, { fields: { 'sec-websocket-extensions': 'permessage-deflate' } })
    expect(headers['sec-websocket-extensions']).toBe('permessage-deflate')
  })

  it('grants a window of 300,000 bytes', async () => {
    const webSocket = await openOver(transport, server.ports)
    expect(await playFrames(webSocket, rawFrame(2, Buffer.alloc(300_000)), close)).toEqual(['binary[300000]', 'close 1000'])
  })

  it.each<[string, (client: RawHttp2Client) => void]>([
    ['split', (client) => [...text, ...close].forEach((byte) => client.sendData(1, Buffer.of(byte)))],
    ['joined', (client) => client.sendData(1, Buffer.concat([text, close]))],
    ['padded', (client) => client.send(frameTypes.data, 0x8, 1, Buffer.concat([Buffer.of(3), text, close, Buffer.alloc(3)]))],
    ['empty', (client) => [text, '', '', close, ''].forEach((data) => client.sendData(1, data))],
    ['the last', (client) => client.sendData(1, Buffer.concat([text, close]), true)],
  ])('accepts DATA that is %s', async (_how, send) => {
    const { client } = await connect()
    await openRaw(client, 1)
    client.inOneSegment(() => send(client))
    expect(await framesOf(client, 1)).toEqual(echoed)
    expect(client.frames.filter((frame) => frame.streamId === 1 && endsStream(frame))).toHaveLength(1)
  })

  it('lets two WebSockets and a GET share a connection', async () => {
    const { client } = await connect()
    await openRaw(client, 1)
    await openRaw(client, 3)
    client.sendHeaders(5, page, true)
    for (const id of [1, 3]) client.sendData(id, Buffer.concat([text, close]))
    expect(await framesOf(client, 1)).toEqual(echoed)
    expect(await framesOf(client, 3)).toEqual(echoed)
    expect((await client.dataOf(5)).toString()).toBe('a page')
  })

  it('ends a CONNECT that has END_STREAM', async () => {
    const { client } = await connect()
    client.sendHeaders(1, connectFields(), true)
    expect(await outcomeOf(client, 1)).toMatch(/^(status 4\d\d|reset \d+)$/)
    await roundTrip(client)
  })

  it.each<[string, (client: RawHttp2Client) => void]>([
    ['at once', (client) => client.sendReset(3, CANCEL)],
    ['in the middle of a frame', (client) => [client.sendData(3, text.subarray(0, 7)), client.sendReset(3, CANCEL)]],
    ['by trailers', (client) => client.sendHeaders(3, [['x-trailer', '1']], true)],
    ['by a second header block', (client) => client.sendHeaders(3, [['x-more', '1']])],
    ['by an unmasked frame', (client) => client.sendData(3, rawFrame(1, 'abc', { mask: false }))],
    ['by reserved bits', (client) => client.sendData(3, rawFrame(1, 'abc', { reserved: 7 }))],
    ['by an opcode that does not exist', (client) => client.sendData(3, rawFrame(3))],
    ['by bad UTF-8', (client) => client.sendData(3, rawFrame(1, Buffer.of(0xff)))],
    ['by a bad close code', (client) => client.sendData(3, rawFrame(8, closePayload(999)))],
    ['by a message above the limit', (client) => client.sendData(3, rawFrame(2, '', { announcedLength: 2n ** 30n }))],
  ])('keeps other streams open if a stream ends %s', async (_how, send) => {
    const { client } = await connect()
    await openRaw(client, 1)
    await openRaw(client, 3)
    client.inOneSegment(() => send(client))
    await roundTrip(client)
    client.sendData(1, Buffer.concat([text, close]))
    expect(await framesOf(client, 1)).toEqual(echoed)
  })

  it('survives streams that are reset together with their request', async () => {
    const { client } = await connect()
    for (let id = 1; id < 400; id += 2) {
      client.sendHeaders(id, connectFields())
      client.sendReset(id, CANCEL)
    }
    await settle(client)
    expect(server.isAlive).toBe(true)
  })

  it.each<[string, (client: RawHttp2Client, code: number) => void]>([
    ['RST_STREAM', (client, code) => client.sendReset(3, code)],
    ['GOAWAY', (client, code) => client.sendGoaway(0, code)],
  ])('survives requests with %s in the same segment, with any code', async (_type, send) => {
    for (let code = 0; code < 16; code++) {
      const { client } = await connect()
      client.inOneSegment(() => {
        client.sendHeaders(1, connectFields())
        client.sendData(1, rawFrame(2, Buffer.alloc(5000)))
        client.sendHeaders(3, connectFields())
        client.sendData(3, text)
        client.sendData(3, text)
        send(client, code)
      })
      await settle(client)
    }
    expect(server.isAlive).toBe(true)
  })

  it('survives streams that are reset after a refusal', async () => {
    const { client } = await connect()
    for (let id = 1; id < 40; id += 2) {
      client.sendHeaders(id, connectFields('/nowhere'))
      await outcomeOf(client, id)
      client.sendReset(id, CANCEL)
    }
    await settle(client)
    expect(server.isAlive).toBe(true)
  })

  it('survives the reset of a connection with ten WebSockets', async () => {
    const { client, reset } = await connect()
    for (let id = 1; id < 21; id += 2) await openRaw(client, id)
    reset()
    await once(client.socket, 'close')
    expect(server.isAlive).toBe(true)
  })

  it('keeps the WebSocket open after GOAWAY until it is closed', async () => {
    const { client } = await connect()
    await openRaw(client, 1)
    client.sendGoaway(0, 0)
    client.sendData(1, Buffer.concat([text, close]), true)
    expect(await framesOf(client, 1)).toEqual(echoed)
  })

  it('serves other streams while one has no window', async () => {
    const initialWindowSize = 4
    const growth = await server.growthDuring(async () => {
      const { client } = await connect([[initialWindowSize, 0]])
      await openRaw(client, 1)
      for (let index = 0; index < 4; index++) client.sendData(1, rawFrame(2, Buffer.alloc(16_000)))
      client.sendHeaders(3, [[':method', 'HEAD'], ...page.slice(1)], true)
      expect(await outcomeOf(client, 3)).toBe('status 200')
    })
    expect(growth).toBeLessThan(100 * MEGABYTE)
  })

  it('accepts 300 WebSockets on one connection', async () => {
    const { client } = await connect()
    const ids = Array.from({ length: 300 }, (_, index) => 2 * index + 1)
    for (const id of ids) client.sendHeaders(id, connectFields())
    const outcomes = await Promise.all(ids.map((id) => outcomeOf(client, id)))
    expect(outcomes.filter((outcome) => outcome !== 'status 200' && outcome !== 'reset 7')).toEqual([])
  })

  it.each<[string, (client: RawHttp2Client) => void]>([
    [
      '10,000 CONNECTs that are reset',
      (client) => times(10_000, (index) => [client.sendHeaders(2 * index + 1, connectFields()), client.sendReset(2 * index + 1, CANCEL)]),
    ],
    ['20,000 PINGs', (client) => times(20_000, () => client.send(PING, 0, 0, Buffer.alloc(8)))],
    ['5,000 SETTINGS', (client) => times(5000, () => client.send(frameTypes.settings, 0, 0))],
    [
      'header blocks without end',
      (client) => [client.send(frameTypes.headers, 0, 1, indexedGet), times(5000, () => client.send(CONTINUATION, 0, 1, literalField))],
    ],
  ])('survives %s without using memory', async (_what, send) => {
    const growth = await server.growthDuring(async () => {
      const { client } = await connect()
      send(client)
      await settle(client)
    })
    expect(growth).toBeLessThan(100 * MEGABYTE)
  })

  it('survives a reset in the middle of a header block', async () => {
    const { client, reset } = await connect()
    client.inOneSegment(() => {
      client.send(frameTypes.headers, 0, 1, indexedGet)
      client.send(CONTINUATION, 0, 1, literalField)
    })
    reset()
    await once(client.socket, 'close')
    expect(server.isAlive).toBe(true)
  })

  it.each<[string, (client: RawHttp2Client) => void, RegExp]>([
    [
      'a WINDOW_UPDATE that is too large',
      (client) => client.send(frameTypes.windowUpdate, 0, 0, Buffer.from('7fffffff', 'hex')),
      /^(goaway [23]|closed)$/,
    ],
    [
      'an invalid header block',
      (client) => client.send(frameTypes.headers, 0x5, 1, Buffer.from('ffffffffffffffffffff', 'hex')),
      /^(goaway 9|closed)$/,
    ],
    ['a header list of 1 MB', (client) => sendHugeHeaders(client), /^(status 431|reset \d+|goaway \d+|closed)$/],
  ])('fails the stream or the connection for %s', async (_what, send, expected) => {
    const { client } = await connect()
    send(client)
    expect(await outcomeOf(client, 1)).toMatch(expected)
  })

  it('fails a stream, or its connection, if its window overflows', async () => {
    const { client } = await connect()
    await openRaw(client, 1)
    client.send(frameTypes.windowUpdate, 0, 1, Buffer.from('7fffffff', 'hex'))
    const isFailure = ({ type, streamId }: RawFrame): boolean => type === frameTypes.goaway || (type === frameTypes.reset && streamId === 1)
    const { payload } = await client.frame(isFailure)
    expect(payload.subarray(-4).readUInt32BE()).toBeGreaterThan(0)
  })

  it('ends a connection that does not start with the preface', async () => {
    const { socket } = await connectOver(transport, server.ports)
    socket.resume()
    socket.write('GET / HTTP/1.1\r\nHost: a\r\n\r\n'.repeat(10))
    await Promise.race([once(socket, 'end'), once(socket, 'close')])
    expect(server.isAlive).toBe(true)
  })
})

const CANCEL = 8
const CONTINUATION = 9
const page = [
  [':method', 'GET'],
  [':scheme', 'https'],
  [':authority', 'localhost'],
  [':path', '/page'],
] as const

/** `:method: GET` from the static table. */
const indexedGet = Buffer.of(0x82)
/** A field of 1,000 bytes, never indexed. */
const literalField = Buffer.concat([Buffer.from('1001787fe906', 'hex'), Buffer.alloc(1000, 'x')])

/** Resolves when the server has processed everything or given up. Node then sends GOAWAY, and may keep the connection open. */
async function settle(client: RawHttp2Client): Promise<void> {
  await Promise.race([roundTrip(client), client.frame(({ type }) => type === frameTypes.goaway)]).catch(() => undefined)
}

function times(count: number, act: (index: number) => void): void {
  for (let index = 0; index < count; index++) act(index)
}

function sendHugeHeaders(client: RawHttp2Client): void {
  client.send(frameTypes.headers, 0, 1, indexedGet)
  times(1000, (index) => client.send(CONTINUATION, index === 999 ? 4 : 0, 1, literalField))
}
