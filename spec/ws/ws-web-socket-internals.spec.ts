import { afterEach, describe, expect, it } from '@jest/globals'
import { once } from 'node:events'
import type { Socket } from 'node:net'
import { WebSocket, WebSocketServer } from 'ws'
import type { WebSocketCompression } from '../../lib/web-socket/web-socket-settings.ts'
import {
  connectWebSocket,
  isCloseReceived,
  isCloseSent,
  isClosing,
  serverOptions,
  ServerWebSocket,
  trackClient,
} from '../../lib/ws/ws-web-socket-internals.ts'
import { connectTcp } from '../support/connect-tcp.ts'
import { closePayload, parseFrames, rawFrame } from '../support/raw-frames.ts'

const sockets: Socket[] = []

afterEach(() => {
  for (const socket of sockets.splice(0)) socket.destroy()
})

const settings = { closeTimeout: 1000, compression: undefined, maxMessageSize: 1000, subProtocol: null }

/** A socket of ws in the server's role, and the bare other end of its connection. */
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

describe('what is used of the WebSocket of ws beyond its documented interface', () => {
  it('is connected to a stream, in the role of a server, and open', async () => {
    const { webSocket, peer } = await connect()
    expect(webSocket).toBeInstanceOf(WebSocket)
    expect(webSocket.readyState).toBe(WebSocket.OPEN)
    webSocket.send('hello')
    expect(await firstFrame(peer)).toMatchObject({ opcode: 1, payload: Buffer.from('hello'), isMasked: false, reserved: 0 })
    peer.write(rawFrame(1, 'hi'))
    expect(await once(webSocket, 'message')).toEqual([Buffer.from('hi'), false])
  })

  it('is given the options of a WebSocketServer, those that the class has by default included', async () => {
    expect(serverOptions(settings)).toMatchObject({
      allowSynchronousEvents: true,
      autoPong: true,
      closeTimeout: 1000,
      maxBufferedChunks: expect.any(Number),
      maxFragments: expect.any(Number),
      maxPayload: 1000,
      skipUTF8Validation: false,
    })
    const { peer } = await connect()
    peer.write(rawFrame(9, 'ping'))
    expect(await firstFrame(peer)).toMatchObject({ opcode: 10, payload: Buffer.from('ping') })
  })

  it('reads the bytes that came before, first', async () => {
    const { webSocket, peer } = await connect({}, [rawFrame(1, 'one'), rawFrame(1, 'two').subarray(0, 3)])
    peer.write(rawFrame(1, 'two').subarray(3))
    const messages: string[] = []
    webSocket.on('message', (data: Buffer) => messages.push(data.toString()))
    while (messages.length < 2) await once(webSocket, 'message')
    expect(messages).toEqual(['one', 'two'])
  })

  it('has the sub-protocol', async () => {
    expect((await connect({ subProtocol: 'chat' })).webSocket.protocol).toBe('chat')
    expect((await connect()).webSocket.protocol).toBe('')
  })

  it('compresses and inflates as agreed, within the limit', async () => {
    const compression: WebSocketCompression = {
      clientContextTakeover: true,
      clientMaxWindowBits: 15,
      serverContextTakeover: false,
      serverMaxWindowBits: 10,
      threshold: 10,
      level: 9,
    }
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

  it('ends within closeTimeout', async () => {
    const { webSocket } = await connect({ closeTimeout: 10 })
    webSocket.close()
    expect(await once(webSocket, 'close')).toEqual([1006, Buffer.alloc(0)])
  })

  it('tells which Close frames have gone each way', async () => {
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
  ])('has errors with these codes', async (frame, code) => {
    const { webSocket, peer } = await connect()
    peer.write(frame)
    expect(await once(webSocket, 'error').catch((error: unknown) => [error])).toMatchObject([{ code }])
  })
})

describe('what is used of WebSocketServer beyond its documented interface', () => {
  it('is whether it is being closed, and that it waits for its last client', async () => {
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
