import { afterEach, describe, expect, it } from '@jest/globals'
import { once } from 'node:events'
import type { Socket } from 'node:net'
import { constants, deflateRawSync } from 'node:zlib'
import { WebSocket, WebSocketServer } from 'ws'
import type { WebSocketCompression } from '../../lib/web-socket/values/web-socket-settings.ts'
import {
  connectWebSocket,
  isCloseReceived,
  isCloseSent,
  isClosing,
  receiverOf,
  serverOptions,
  ServerWebSocket,
  trackClient,
} from '../../lib/ws/ws-web-socket-internals.ts'
import { connectTcp } from '../support/connect-tcp.ts'
import { closePayload, parseFrames, rawFrame } from '../support/raw-frames.ts'
import { until } from '../support/until.ts'

const sockets: Socket[] = []

afterEach(() => {
  for (const socket of sockets.splice(0)) socket.destroy()
})

const compression: WebSocketCompression = {
  clientContextTakeover: true,
  clientMaxWindowBits: 15,
  serverContextTakeover: false,
  serverMaxWindowBits: 10,
  threshold: 10,
  level: 9,
}
const settings = { closeTimeout: 1000, compression: undefined, maxMessageSize: 1000, subProtocol: null }

/** A WebSocket of ws in the server's role, and the raw other end of its connection. */
async function connect(
  options: Partial<Parameters<typeof connectWebSocket>[3]> = {},
  head: Uint8Array[] = [],
): Promise<{ webSocket: WebSocket; peer: Socket }> {
  const [stream, peer] = await connectTcp()
  sockets.push(stream, peer)
  const webSocket = new ServerWebSocket(null, undefined, serverOptions({ ...settings, ...options }))
  webSocket.on('error', () => undefined)
  connectWebSocket(webSocket, stream, head, { ...settings, ...options })
  return { webSocket, peer }
}

async function firstFrame(peer: Socket): Promise<ReturnType<typeof parseFrames>['frames'][number] | undefined> {
  const [chunk] = (await once(peer, 'data')) as [Buffer]
  return parseFrames(chunk).frames[0]
}

describe('the undocumented members of the WebSocket of ws', () => {
  it("connect it to a stream, in the server's role, in state OPEN", async () => {
    const { webSocket, peer } = await connect()
    expect(webSocket).toBeInstanceOf(WebSocket)
    expect(webSocket.readyState).toBe(WebSocket.OPEN)
    webSocket.send('hello')
    expect(await firstFrame(peer)).toMatchObject({ opcode: 1, payload: Buffer.from('hello'), isMasked: false, reserved: 0 })
    peer.write(rawFrame(1, 'hi'))
    expect(await once(webSocket, 'message')).toEqual([Buffer.from('hi'), false])
  })

  it('get the options of a WebSocketServer, including the defaults of the class', async () => {
    expect(serverOptions(settings)).toMatchObject({
      allowSynchronousEvents: true,
      closeTimeout: 1000,
      maxBufferedChunks: expect.any(Number),
      maxFragments: expect.any(Number),
      maxPayload: 1000,
      skipUTF8Validation: false,
    })
  })

  it('leave pings unanswered, and emit them', async () => {
    const { webSocket, peer } = await connect()
    peer.write(rawFrame(9, 'ping'))
    expect(await once(webSocket, 'ping')).toEqual([Buffer.from('ping')])
    webSocket.send('first')
    expect(await firstFrame(peer)).toMatchObject({ opcode: 1 })
  })

  it('read bytes that arrived earlier first', async () => {
    const { webSocket, peer } = await connect({}, [rawFrame(1, 'one'), rawFrame(1, 'two').subarray(0, 3)])
    peer.write(rawFrame(1, 'two').subarray(3))
    const messages: string[] = []
    webSocket.on('message', (data: Buffer) => messages.push(data.toString()))
    while (messages.length < 2) await once(webSocket, 'message')
    expect(messages).toEqual(['one', 'two'])
  })

  it('set the sub-protocol', async () => {
    expect((await connect({ subProtocol: 'chat' })).webSocket.protocol).toBe('chat')
    expect((await connect()).webSocket.protocol).toBe('')
  })

  it('compress and inflate as negotiated, within the limit', async () => {
    const { webSocket, peer } = await connect({ compression })
    expect(webSocket.extensions).toBe('permessage-deflate')
    webSocket.send('x'.repeat(1000))
    const compressed = await firstFrame(peer)
    expect(compressed).toMatchObject({ opcode: 1, reserved: 4 })
    expect(compressed?.payload.length).toBeLessThan(100)
    webSocket.send('short')
    expect(await firstFrame(peer)).toMatchObject({ opcode: 1, reserved: 0, payload: Buffer.from('short') })
    peer.write(rawFrame(1, compressed?.payload, { reserved: 4 }))
    expect(await once(webSocket, 'message')).toEqual([Buffer.from('x'.repeat(1000)), false])

    const limited = await connect({ compression, maxMessageSize: 999 })
    limited.peer.write(rawFrame(1, compressed?.payload, { reserved: 4 }))
    expect(await firstFrame(limited.peer)).toMatchObject({ opcode: 8, payload: closePayload(1009) })
  })

  describe('its receiver', () => {
    it('keeps the parts of a frame in a list, which may be replaced by a list of the same bytes', async () => {
      const { webSocket, peer } = await connect()
      const receiver = receiverOf(webSocket)
      const frame = rawFrame(1, 'in pieces')
      for (let index = 0; index < frame.length - 1; index++) receiver.write(frame.subarray(index, index + 1))
      expect(receiver._buffers.length).toBeGreaterThan(5)
      receiver._buffers.splice(0, Infinity, Buffer.concat(receiver._buffers))
      peer.write(frame.subarray(-1))
      expect(await once(webSocket, 'message')).toEqual([Buffer.from('in pieces'), false])
    })

    it('keeps the fragments of a message in a list, which may be replaced by a list of the same bytes', async () => {
      const { webSocket } = await connect()
      const receiver = receiverOf(webSocket)
      for (const text of ['in', ' three', ' fragments']) receiver.write(rawFrame(text === 'in' ? 1 : 0, text, { isFinal: false }))
      expect(receiver._fragments.map(String)).toEqual(['in', ' three', ' fragments'])
      receiver._fragments.splice(1, 2, Buffer.concat(receiver._fragments.slice(1)))
      const received = once(webSocket, 'message')
      receiver.write(rawFrame(0, '.'))
      expect(await received).toEqual([Buffer.from('in three fragments.'), false])
    })

    it('stops after a message and resumes on request, with all bytes that it was given', async () => {
      const { webSocket } = await connect()
      const receiver = receiverOf(webSocket)
      const received: string[] = []
      webSocket.on('message', (data: Buffer) => {
        received.push(data.toString())
        receiver._loop = false
      })
      receiver.write(Buffer.concat(['one', 'two', 'three'].map((text) => rawFrame(1, text))))
      expect(received).toEqual(['one'])
      receiver.startLoop(() => received.push('done'))
      receiver.startLoop(() => received.push('done'))
      expect(received).toEqual(['one', 'two', 'done', 'three', 'done'])
    })

    it('starts by its own method, for each chunk and after inflating', async () => {
      const { webSocket, peer } = await connect({ compression })
      const receiver = receiverOf(webSocket)
      const { startLoop } = receiver
      const events: unknown[] = []
      receiver.startLoop = (callback) => {
        events.push('start')
        startLoop.call(receiver, callback)
      }
      webSocket.on('message', (data: Buffer) => events.push(data.toString()))
      const compressed = rawFrame(1, deflateRawSync('inflated', { finishFlush: constants.Z_SYNC_FLUSH }).subarray(0, -4), { reserved: 4 })
      peer.write(Buffer.concat([compressed, rawFrame(1, 'plain')]))
      await until(() => events.includes('plain'))
      expect(events).toEqual(['start', 'inflated', 'start', 'plain'])
    })

    it('gets the bytes through its method write()', async () => {
      const { webSocket, peer } = await connect()
      const receiver = receiverOf(webSocket)
      const written: unknown[] = []
      receiver.write = (chunk: unknown) => {
        written.push(chunk)
        return true
      }
      peer.write('bytes')
      await until(() => written.length > 0)
      expect(written).toEqual([Buffer.from('bytes')])
    })
  })

  it('ends within closeTimeout', async () => {
    const { webSocket } = await connect({ closeTimeout: 10 })
    webSocket.close()
    expect(await once(webSocket, 'close')).toEqual([1006, Buffer.alloc(0)])
  })

  it('has ended its side only when its receiver is done, even if the peer has ended its own', async () => {
    const { webSocket, peer } = await connect({ compression })
    const payload = deflateRawSync('inflated', { finishFlush: constants.Z_SYNC_FLUSH }).subarray(0, -4)
    webSocket.on('message', (data: Buffer) => webSocket.send(data, { compress: false }))
    peer.end(Buffer.concat([rawFrame(1, payload, { reserved: 4 }), rawFrame(8, closePayload(1000))]))
    const { frames } = parseFrames(Buffer.concat((await peer.toArray()) as Buffer[]))
    expect(frames.map(({ opcode }) => opcode)).toEqual([2, 8])
  })

  it('knows which Close frames were sent and received', async () => {
    const { webSocket, peer } = await connect()
    expect([isCloseReceived(webSocket), isCloseSent(webSocket)]).toEqual([false, false])
    webSocket.close(1000)
    await once(peer, 'data')
    expect([isCloseReceived(webSocket), isCloseSent(webSocket)]).toEqual([false, true])
    peer.write(rawFrame(8, closePayload(1000)))
    peer.end()
    await once(webSocket, 'close')
    expect([isCloseReceived(webSocket), isCloseSent(webSocket)]).toEqual([true, true])
  })

  it.each([
    [rawFrame(2, Buffer.alloc(1001)), 'WS_ERR_UNSUPPORTED_MESSAGE_LENGTH'],
    [rawFrame(1, Buffer.of(0xff)), 'WS_ERR_INVALID_UTF8'],
    [rawFrame(3), expect.stringMatching(/^WS_ERR_/)],
  ])('uses these error codes', async (frame, code) => {
    const { webSocket, peer } = await connect()
    peer.write(frame)
    expect(await once(webSocket, 'error').catch((error: unknown) => [error])).toMatchObject([{ code }])
  })
})

describe('the undocumented members of WebSocketServer', () => {
  it('report that it is closing, and it waits for its last client', async () => {
    const server = new WebSocketServer({ noServer: true })
    const clients = [await connect(), await connect()]
    for (const { webSocket } of clients) trackClient(server, webSocket)
    expect(server.clients.size).toBe(2)
    expect(isClosing(server)).toBe(false)
    let isClosed = false
    const closed = new Promise<void>((resolve) => server.close(() => resolve())).then(() => (isClosed = true))
    expect(isClosing(server)).toBe(true)
    clients[0]?.webSocket.terminate()
    await once(clients[0]?.webSocket ?? server, 'close')
    expect([server.clients.size, isClosed]).toEqual([1, false])
    clients[1]?.webSocket.terminate()
    await closed
    await new Promise<void>((resolve) => {
      server.close((error) => {
        expect(error?.message).toMatch(/not running/)
        resolve()
      })
    })
  })
})
