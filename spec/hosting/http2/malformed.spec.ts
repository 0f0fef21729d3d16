import { EventEmitter, once } from 'node:events'
import { constants } from 'node:http2'
import type { ServerOptions } from 'node:http2'
import { afterEach, describe, expect, it } from '@jest/globals'
import express from 'express'
import { useWebSockets, webSocketHandler } from 'express-use-websockets'
import type { ManagedWebSocket, WebSocketCompletion } from 'express-use-websockets'
import { closeHttp2Peers, connectRaw, rawFields, startHttp2Server } from '../../support/http2-peers.ts'
import { endsStream, frameTypes, resetCode, tabledStatus } from '../../support/raw-http2.ts'
import type { RawHttp2Client } from '../../support/raw-http2.ts'

const version: [string, string] = ['sec-websocket-version', '13']
const hello = 'hello'
const helloFrame = Buffer.concat([Buffer.from('818500000000', 'hex'), Buffer.from(hello)])
const echoedHello = Buffer.concat([Buffer.from('8105', 'hex'), Buffer.from(hello)])
const everything = [hello, 'alive']
const closeNormally = Buffer.from('88820000000003e8', 'hex')
const { NGHTTP2_CANCEL, NGHTTP2_NO_ERROR, NGHTTP2_PROTOCOL_ERROR } = constants

afterEach(closeHttp2Peers)

describe('a malformed request over HTTP/2', () => {
  it.each([
    [
      'an extended CONNECT without :path',
      [[':method', 'CONNECT'], [':protocol', 'websocket'], [':scheme', 'http'], [':authority', 'x'], version],
    ],
    [
      'an extended CONNECT without :scheme',
      [[':method', 'CONNECT'], [':protocol', 'websocket'], [':authority', 'x'], [':path', '/echo'], version],
    ],
    [
      'an extended CONNECT without :authority',
      [[':method', 'CONNECT'], [':protocol', 'websocket'], [':scheme', 'http'], [':path', '/echo'], version],
    ],
    ['a GET with :protocol', [...rawFields('GET', '/echo'), [':protocol', 'websocket'], version]],
    ['a CONNECT with two :protocol', [...connect('/echo').slice(0, 5), [':protocol', 'websocket'], version]],
    ['a pseudo-header field after others', [...rawFields('CONNECT', '/echo'), version, [':protocol', 'websocket']]],
    ['an upper-case field name', [...connect('/echo'), ['X-Upper', '1']]],
    ['a Connection field', [...connect('/echo'), ['connection', 'upgrade']]],
    ['an Upgrade field', [...connect('/echo'), ['upgrade', 'websocket']]],
  ] as [string, [string, string][]][])('is reset if it is %s, without an effect on other streams', async (_what, fields) => {
    const { server } = await startEchoServer()
    const client = await connectRaw(server)
    await openEcho(client, 1)
    client.sendHeaders(3, fields)
    expect(resetCode(await client.frameOn(3, frameTypes.reset))).toBe(NGHTTP2_PROTOCOL_ERROR)
    expect(await whatIsServed(client, 1)).toEqual(everything)
  })

  it.each<[string, [string, string][]]>([
    ['has too many header fields', Array.from({ length: 200 }, (_, index) => [`x-${index}`, '1'])],
    ['has too long header fields', Array.from({ length: 4 }, (_, index) => [`x-${index}`, 'y'.repeat(3900)])],
  ])('is reset if it %s, without an effect on other streams', async (_what, fields) => {
    const { server } = await startEchoServer({ settings: { maxHeaderListSize: 10_000 } })
    const client = await connectRaw(server)
    await openEcho(client, 1)
    client.sendHeaders(3, [...connect('/echo'), ...fields])
    const answer = await client.frame(({ streamId }) => streamId === 3)
    expect([answer.type, resetCode(answer)]).toEqual([frameTypes.reset, constants.NGHTTP2_ENHANCE_YOUR_CALM])
    expect(await whatIsServed(client, 1)).toEqual(everything)
  })

  it('is answered like any other request if its :protocol is unknown', async () => {
    const { server } = await startEchoServer()
    const client = await connectRaw(server)
    await openEcho(client, 1)
    client.sendHeaders(3, connect('/nowhere', 'connect-udp'))
    expect(tabledStatus(await client.frameOn(3, frameTypes.headers))).toBe(404)
    await client.dataOf(3)
    expect(await whatIsServed(client, 1)).toEqual(everything)
  })

  it('is refused and ended if it ends the stream itself', async () => {
    const { server } = await startEchoServer()
    const client = await connectRaw(server)
    await openEcho(client, 1)
    client.sendHeaders(3, connect('/echo'), true)
    expect(tabledStatus(await client.frameOn(3, frameTypes.headers))).not.toBe(200)
    await client.frame((frame) => frame.streamId === 3 && endsStream(frame))
    expect(await whatIsServed(client, 1)).toEqual(everything)
  })
})

describe('a WebSocket over HTTP/2', () => {
  it('receives bytes that arrived before it was accepted', async () => {
    const { server, events } = await startEchoServer()
    const client = await connectRaw(server)
    const requested = once(events, 'request')
    client.sendHeaders(1, connect('/slow'))
    client.sendData(1, helloFrame.subarray(0, 4))
    client.sendData(1, helloFrame.subarray(4))
    await requested
    events.emit('go on')
    expect((await client.frameOn(1, frameTypes.data)).payload).toEqual(echoedHello)
  })

  it.each(['__proto__', 'constructor', 'tostring'])('opens with a header field named %s', async (name) => {
    const { server } = await startEchoServer()
    const client = await connectRaw(server)
    client.sendHeaders(1, [...connect('/echo'), [name, 'x']])
    client.sendData(1, helloFrame)
    expect((await client.frameOn(1, frameTypes.data)).payload).toEqual(echoedHello)
  })

  it.each([NGHTTP2_NO_ERROR, NGHTTP2_CANCEL])(
    'ends, without an effect on other streams, if it is reset with %i before it is accepted',
    async (code) => {
      const { server, events } = await startEchoServer()
      const client = await connectRaw(server)
      await openEcho(client, 1)
      const requested = once(events, 'request')
      client.sendHeaders(3, connect('/slow'))
      await requested
      client.sendReset(3, code)
      await ping(client)
      events.emit('go on')
      expect(await whatIsServed(client, 1)).toEqual(everything)
    },
  )

  it.each([NGHTTP2_NO_ERROR, NGHTTP2_CANCEL])(
    'may be reset with %i in the segment of its request, and the server keeps running',
    async (code) => {
      const { server } = await startEchoServer()
      const client = await connectRaw(server)
      await openEcho(client, 1)
      client.inOneSegment(() => {
        for (let id = 3; id < 23; id += 2) {
          client.sendHeaders(id, connect('/echo'))
          client.sendReset(id, code)
        }
      })
      expect(await whatIsServed(client, 1)).toEqual(everything)
    },
  )

  it.each([
    ['while it is open', ''],
    ['in the middle of a frame', helloFrame.subarray(0, 7)],
    ['with its Close frame', closeNormally],
  ])('completes, without an effect on other streams, if it is reset %s', async (_when, data) => {
    const { server, events, completions } = await startEchoServer()
    const client = await connectRaw(server)
    await openEcho(client, 1)
    await openEcho(client, 3)
    const completed = once(events, 'completion')
    client.inOneSegment(() => {
      if (data.length > 0) client.sendData(3, data)
      client.sendReset(3, NGHTTP2_CANCEL)
    })
    await completed
    expect(completions).toHaveLength(1)
    expect(await whatIsServed(client, 1)).toEqual(everything)
  })

  it.each([
    ['between frames', ''],
    ['in the middle of a frame', helloFrame.subarray(0, 7)],
  ])('ends its side if the client ends its own %s', async (_when, data) => {
    const { server, events, completions } = await startEchoServer()
    const client = await connectRaw(server)
    await openEcho(client, 1)
    await openEcho(client, 3)
    const completed = once(events, 'completion')
    client.sendData(3, data, true)
    await client.frame((frame) => frame.streamId === 3 && (endsStream(frame) || frame.type === frameTypes.reset))
    await completed
    expect(completions).toMatchObject([{ closeStatus: 1006, wasClean: false }])
    expect(await whatIsServed(client, 1)).toEqual(everything)
  })

  it('answers a Close frame with END_STREAM, as Chromium sends it', async () => {
    const { server } = await startEchoServer()
    const client = await connectRaw(server)
    await openEcho(client, 1)
    client.sendData(1, Buffer.concat([helloFrame, closeNormally]), true)
    expect(await client.dataOf(1)).toEqual(Buffer.concat([echoedHello, Buffer.from('880203e8', 'hex')]))
    expect(client.frames.some(({ type }) => type === frameTypes.reset)).toBe(false)
  })

  it('is reset with NO_ERROR after the close handshake if the client does not end its side, as in Firefox', async () => {
    const { server } = await startEchoServer()
    const client = await connectRaw(server)
    await openEcho(client, 1)
    client.sendData(1, closeNormally)
    await client.frame((frame) => frame.streamId === 1 && endsStream(frame))
    expect(resetCode(await client.frameOn(1, frameTypes.reset))).toBe(NGHTTP2_NO_ERROR)
  })

  it('ignores header blocks in the middle', async () => {
    const { server } = await startEchoServer()
    const client = await connectRaw(server)
    await openEcho(client, 1)
    await openEcho(client, 3)
    client.sendHeaders(3, [['x-trailer', '1']], true)
    await client.frame((frame) => frame.streamId === 3 && (endsStream(frame) || frame.type === frameTypes.reset))
    await openEcho(client, 5)
    client.sendHeaders(5, [['x-more', '1']])
    expect(await whatIsServed(client, 1)).toEqual(everything)
  })

  it('continues after a GOAWAY of the client, and the connection ends with the last stream', async () => {
    const { server, completions } = await startEchoServer()
    const client = await connectRaw(server)
    await openEcho(client, 1)
    client.sendGoaway(0, NGHTTP2_NO_ERROR)
    client.sendData(1, helloFrame)
    await client.frame(({ type, payload }) => type === frameTypes.data && payload.equals(echoedHello))
    client.sendData(1, closeNormally, true)
    await client.frame((frame) => frame.streamId === 1 && endsStream(frame))
    if (!client.socket.closed) await once(client.socket, 'close')
    expect(completions).toMatchObject([{ closeStatus: 1000, wasClean: true }])
  })

  it('completes when its connection ends in any way, and the server keeps running', async () => {
    const { server, events, completions } = await startEchoServer()
    const client = await connectRaw(server)
    for (let id = 1; id < 21; id += 2) await openEcho(client, id)
    client.socket.resetAndDestroy()
    while (completions.length < 10) await once(events, 'completion')
    expect(completions.every(({ closeStatus }) => closeStatus === 1006)).toBe(true)
    expect(await whatIsServed(await connectRaw(server))).toEqual(everything)
  })

  it('is not affected by hundreds of resets at once, and neither is the server', async () => {
    const { server } = await startEchoServer()
    const client = await connectRaw(server)
    for (let id = 1; id < 601; id += 2) {
      client.sendHeaders(id, connect('/echo'))
      client.sendReset(id, NGHTTP2_CANCEL)
    }
    // Node may answer with ENHANCE_YOUR_CALM and close the connection.
    await ping(client).catch(() => undefined)
    expect(server.listening).toBe(true)
    expect(await whatIsServed(await connectRaw(server))).toEqual(everything)
  })

  it('can have a client that grants no window, without an effect on other streams', async () => {
    const { server } = await startEchoServer()
    const settingsInitialWindowSize = 4
    const client = await connectRaw(server, [[settingsInitialWindowSize, 0]])
    client.sendHeaders(1, connect('/echo'))
    expect(tabledStatus(await client.frameOn(1, frameTypes.headers))).toBe(200)
    client.sendData(1, helloFrame)
    client.sendHeaders(3, rawFields('HEAD', '/'), true)
    expect(tabledStatus(await client.frameOn(3, frameTypes.headers))).toBe(200)
    expect(await whatIsServed(await connectRaw(server))).toEqual(everything)
    expect(client.frames.some(({ type, streamId }) => type === frameTypes.data && streamId === 1)).toBe(false)
    client.send(frameTypes.windowUpdate, 0, 1, Buffer.from('0000ffff', 'hex'))
    expect((await client.frameOn(1, frameTypes.data)).payload).toEqual(echoedHello)
  })
})

/** Echoes at `/echo`, and at `/slow` once `'go on'` is emitted. `events` has `'request'` for `/slow` and `'completion'` for every socket. */
async function startEchoServer(options: ServerOptions = {}) {
  const events = new EventEmitter()
  const completions: WebSocketCompletion[] = []
  const endpoint = webSocketHandler(async (webSocket) => {
    void noteCompletion(webSocket)
    for await (const message of webSocket) await webSocket.sendAsync(message)
  })
  async function noteCompletion(webSocket: ManagedWebSocket): Promise<void> {
    completions.push(await webSocket.completion)
    events.emit('completion')
  }
  const app = express()
  app.set('env', 'test')
  app.use(useWebSockets())
  app.get('/', (_req, res) => void res.send('alive'))
  app.all('/echo', endpoint)
  app.all('/slow', (_req, _res, next) => {
    events.once('go on', next)
    events.emit('request')
  })
  app.all('/slow', endpoint)
  return { server: await startHttp2Server(app, options), events, completions }
}

function connect(path: string, protocol = 'websocket'): [string, string][] {
  return [...rawFields('CONNECT', path), [':protocol', protocol], version]
}

async function openEcho(client: RawHttp2Client, streamId: number): Promise<void> {
  client.sendHeaders(streamId, connect('/echo'))
  expect(tabledStatus(await client.frameOn(streamId, frameTypes.headers))).toBe(200)
}

/** What the server answers to an open WebSocket on that stream (if there is one) and to a new request of the connection. */
async function whatIsServed(client: RawHttp2Client, webSocketId?: number): Promise<readonly [message: string, body: string]> {
  let message = hello
  if (webSocketId !== undefined) {
    client.sendData(webSocketId, helloFrame)
    const { payload } = await client.frameOn(webSocketId, frameTypes.data)
    message = payload.subarray(2).toString()
  }
  client.sendHeaders(1001, rawFields('GET', '/'), true)
  return [message, (await client.dataOf(1001)).toString()]
}

/** Resolves when the server has processed everything that was sent before. */
async function ping(client: RawHttp2Client): Promise<void> {
  const pingType = 6
  client.send(pingType, 0, 0, Buffer.alloc(8))
  await client.frame(({ type, flags }) => type === pingType && flags === 1)
}
