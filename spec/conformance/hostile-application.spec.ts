import { afterEach, describe, expect, it, jest } from '@jest/globals'
import { once } from 'node:events'
import express from 'express'
import type { NextFunction, Request, Response } from 'express'
import { useWebSockets, webSocketHandler } from 'express-use-websockets'
import { Gate } from '../support/gate.ts'
import { closeHttp1Peers } from '../support/http1-peers.ts'
import { http1Starts, startHttp1Server } from '../support/http1-server.ts'
import { closePayload, parseFrames, rawFrame } from '../support/raw-frames.ts'
import { handshakeHead, RawHttp1Client } from '../support/raw-http1.ts'
import { until } from '../support/until.ts'

jest.setTimeout(20_000)

afterEach(closeHttp1Peers)

const echo = webSocketHandler(async (webSocket) => {
  for await (const message of webSocket) await webSocket.sendAsync(message)
})

describe.each(http1Starts)('an application that delays the accept, over %s', (_, start) => {
  it('receives 4 MB that arrived before the accept, in order, without buffering them', async () => {
    const gate = new Gate()
    const app = express()
    app.use(useWebSockets())
    app.all(
      '/ws',
      async (_request, _response, next) => {
        await gate.opened
        next()
      },
      echo,
    )
    const server = await start(app)
    const arrived = once(server.server, 'request') as Promise<[Request]>
    const client = await RawHttp1Client.connect(server)
    client.write(handshakeHead())
    const messages = Array.from({ length: 64 }, (_unused, index) => Buffer.alloc(65_536, index))
    for (const message of messages) client.write(rawFrame(2, message))
    client.write(rawFrame(8, closePayload(1000)))
    const [{ socket }] = await arrived
    await until(() => socket.isPaused())
    expect(socket.bytesRead).toBeLessThan(2 * 1024 * 1024)
    gate.open()
    await client.receiveHead()
    await client.end()
    const { frames } = parseFrames(client.received)
    expect(frames.map(({ opcode }) => opcode)).toEqual([...messages.map(() => 2), 8])
    expect(Buffer.concat(frames.slice(0, -1).map(({ payload }) => payload)).equals(Buffer.concat(messages))).toBe(true)
  })

  it('is notified if the client resets the connection meanwhile', async () => {
    const gate = new Gate()
    const outcomes: unknown[] = []
    const app = express()
    app.use(useWebSockets())
    app.all('/ws', async (request) => {
      await gate.opened
      outcomes.push(await request.webSockets.acceptWebSocketAsync().catch((error: unknown) => error))
    })
    const server = await start(app)
    const arrived = once(server.server, 'request') as Promise<[Request]>
    const client = await RawHttp1Client.connect(server)
    client.write(handshakeHead())
    const [{ socket }] = await arrived
    client.socket.destroy()
    await until(() => socket.destroyed)
    gate.open()
    await until(() => outcomes.length > 0)
    expect(outcomes).toEqual([expect.objectContaining({ code: 'ERR_WEBSOCKET_CLIENT_GONE' })])
  })
})

describe('a guard by path', () => {
  it.each(['/ws', '//ws', '/ws/', '/WS', '/ws%2f', '/ws;x', '/./ws', '/x/../ws', '/w%73'])('and the route agree about %s', async (path) => {
    const app = express()
    app.use(useWebSockets())
    app.use('/ws', (_request: Request, response: Response, _next: NextFunction) => void response.sendStatus(401))
    app.all('/ws', echo)
    const client = await RawHttp1Client.connect(await startHttp1Server(app))
    client.write(handshakeHead({}, `GET ${path} HTTP/1.1`))
    expect(await client.receiveResponse()).toMatch(/^HTTP\/1\.1 40[14] /)
  })
})
