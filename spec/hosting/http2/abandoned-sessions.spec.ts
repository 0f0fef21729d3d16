import { once } from 'node:events'
import { createServer as createPlainServer } from 'node:http2'
import type { ServerHttp2Session, ServerHttp2Stream } from 'node:http2'
import { connect } from 'node:net'
import type { Server, Socket } from 'node:net'
import { afterEach, describe, expect, it } from '@jest/globals'
import express from 'express'
import { useWebSockets, webSocketHandler } from 'express-use-websockets'
import type { WebSocketCompletion } from 'express-use-websockets'
import { createServer } from 'express-use-websockets/http2'
import { handleOf, isAbandoned, isDisconnected, socketOf } from '../../../lib/hosting/http2/stream/node-http2-internals.ts'
import { closeHttp2Peers, connectHttp2, connectRaw, listen, openStream, portOf, rawFields } from '../../support/http2-peers.ts'
import { frameTypes, RawHttp2Client, tabledStatus } from '../../support/raw-http2.ts'
import { until } from '../../support/until.ts'

const PING = 6
const CONTINUATION = 9

afterEach(closeHttp2Peers)

describe('a connection over HTTP/2', () => {
  it.each<[string, (client: RawHttp2Client) => void]>([
    ['a PING that is too short', (client) => client.send(PING, 0, 0, Buffer.alloc(4))],
    ['DATA on no stream', (client) => client.sendData(0, 'data')],
    ['a header block that does not decompress', (client) => client.send(frameTypes.headers, 0x5, 5, Buffer.alloc(10, 0xff))],
    ['a CONTINUATION without a header block', (client) => client.send(CONTINUATION, 0x4, 5)],
    ['a window that overflows', (client) => client.send(frameTypes.windowUpdate, 0, 0, Buffer.from('7fffffff', 'hex'))],
    ['a settings frame on a stream', (client) => client.send(frameTypes.settings, 0, 3)],
    ['a frame that is too long', (client) => client.sendData(1, Buffer.alloc(20_000))],
  ])('ends with all its streams if the client breaks it by %s', async (_what, breakIt) => {
    const { app, completions } = createApp()
    const server = createServer(app)
    await listen(server)
    const connected = nextConnection(server)
    const client = await connectRaw(server)
    const closed = closeOf(await connected)
    await openEcho(client, 1)
    await openEcho(client, 3)
    breakIt(client)
    await closed
    expect(await Promise.all(completions)).toMatchObject([{ closeStatus: 1006 }, { closeStatus: 1006 }])
    await openEcho(await connectRaw(server), 1)
  })

  it('ends if the client breaks it, even if the client keeps its side open and there is no stream', async () => {
    const server = createServer(createApp().app)
    await listen(server)
    const connected = nextConnection(server)
    const socket = connect({ port: portOf(server), host: '127.0.0.1', allowHalfOpen: true })
    const client = new RawHttp2Client(socket)
    socket.write('PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n')
    client.send(frameTypes.settings, 0, 0, Buffer.alloc(1))
    const connection = await connected
    await closeOf(connection)
    expect(connection.destroyed).toBe(true)
    socket.destroy()
  })

  it('ends if its session is destroyed, even if the client reads nothing', async () => {
    const server = createServer((_request, response) => void response.end(Buffer.alloc(20_000_000)))
    await listen(server)
    const connected = nextConnection(server)
    const opened = once(server, 'session') as Promise<[ServerHttp2Session]>
    const windowSize = 4
    const client = await connectRaw(server, [[windowSize, 0x7fffffff]])
    const [connection, [session]] = await Promise.all([connected, opened])
    client.socket.pause()
    client.send(frameTypes.windowUpdate, 0, 0, Buffer.from('7fff0000', 'hex'))
    client.sendHeaders(1, rawFields('GET', '/'), true)
    await until(() => connection.bytesWritten > 100_000)
    session.destroy()
    await closeOf(connection)
    expect(connection.destroyed).toBe(true)
  })

  it('ends with all its streams if the client resets it while Node does not read', async () => {
    const { app, completions } = createApp()
    const server = createServer(app)
    await listen(server)
    const connected = nextConnection(server)
    const client = await connectRaw(server)
    const connection = await connected
    await openEcho(client, 1)
    ;(connection as unknown as { readonly _handle: { readStop(): void } })._handle.readStop()
    client.socket.resetAndDestroy()
    await closeOf(connection)
    expect(await Promise.all(completions)).toMatchObject([{ closeStatus: 1006 }])
  })
})

describe('the undocumented members of a session', () => {
  it('report whether a session is over, and its connection; and those of a stream', async () => {
    const server = createPlainServer()
    await listen(server)
    const connected = nextConnection(server)
    const opened = once(server, 'session')
    const streamed = once(server, 'stream') as Promise<[ServerHttp2Stream]>
    openStream(await connectHttp2(server), {}, true)
    const [session] = await opened
    const [stream] = await streamed
    const connection = await connected
    expect(socketOf(session)).toBe(connection)
    expect(handleOf(session)).toBeDefined()
    expect(handleOf(stream)).toBeDefined()
    expect(isAbandoned(session)).toBe(false)
    expect(isDisconnected(connection)).toBe(false)
  })
})

const echoFields = [...rawFields('CONNECT', '/echo'), [':protocol', 'websocket'], ['sec-websocket-version', '13']] as const

/** Echoes at `/echo`. */
function createApp() {
  const completions: Promise<WebSocketCompletion>[] = []
  const app = express()
  app.use(useWebSockets())
  app.all(
    '/echo',
    webSocketHandler(async (webSocket) => {
      completions.push(webSocket.completion)
      for await (const message of webSocket) await webSocket.sendAsync(message)
    }),
  )
  return { app, completions }
}

async function openEcho(client: RawHttp2Client, streamId: number): Promise<void> {
  client.sendHeaders(streamId, echoFields)
  expect(tabledStatus(await client.frameOn(streamId, frameTypes.headers))).toBe(200)
}

async function nextConnection(server: unknown): Promise<Socket> {
  const [socket] = (await once(server as Server, 'connection')) as [Socket]
  return socket
}

/** Resolves at the end of the connection, even if it ends with an error. */
async function closeOf(socket: Socket): Promise<void> {
  if (!socket.closed) await new Promise((resolve) => socket.once('close', resolve))
}
