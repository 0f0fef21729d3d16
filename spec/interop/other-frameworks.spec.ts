import { afterEach, describe, expect, it } from '@jest/globals'
import { createSecureServer } from 'node:http2'
import type { IncomingMessage, RequestListener } from 'node:http'
import connect from 'connect'
import express from 'express'
import { useWebSockets, webSocketHandler, WebSocketState } from 'express-use-websockets'
import type { ManagedWebSocket } from 'express-use-websockets'
import { closeHttp1Peers } from '../support/http1-peers.ts'
import { listenForHttp1, startHttp1Server } from '../support/http1-server.ts'
import { rawFrame } from '../support/raw-frames.ts'
import { handshakeHead, RawHttp1Client } from '../support/raw-http1.ts'
import { createSelfSignedCertificate } from '../support/self-signed-certificate.ts'
import { closeOf, nextMessage, openWebSocket } from '../support/web-socket-client.ts'

afterEach(closeHttp1Peers)

async function echo(webSocket: ManagedWebSocket): Promise<void> {
  try {
    for await (const message of webSocket) await webSocket.sendAsync(message)
    await webSocket.closeOutputAsync(webSocket.closeStatus ?? 1000)
  } catch (error) {
    if (webSocket.state !== WebSocketState.Aborted) throw error
  }
}

async function acceptAndEcho(request: IncomingMessage): Promise<void> {
  await echo(await request.webSockets.acceptWebSocketAsync())
}

describe('useWebSockets outside an Express application', () => {
  it('works in Connect', async () => {
    const app = connect()
    app.use(useWebSockets())
    app.use('/ws', webSocketHandler(echo))
    const { client } = await openWebSocket(await startHttp1Server(app))
    client.send('hello')
    expect(await nextMessage(client)).toBe('hello')
    client.close(3001, 'bye')
    expect(await closeOf(client)).toEqual([3001, ''])
  })

  it('works in a plain request listener, called by hand', async () => {
    const webSockets = useWebSockets()
    const through: Promise<void>[] = []
    const listener: RequestListener = (request, response) => {
      const promise = webSockets(request, response, (error) => {
        if (error === undefined && request.webSockets.isWebSocketRequest) void acceptAndEcho(request)
        else response.end('page')
      })
      if (promise !== undefined) through.push(promise)
    }
    const server = await startHttp1Server(listener)
    const { client } = await openWebSocket(server)
    client.send('hello')
    expect(await nextMessage(client)).toBe('hello')
    client.close()
    await Promise.all(through)
    const raw = await RawHttp1Client.connect(server)
    raw.write('GET / HTTP/1.1\r\nHost: a\r\n\r\n')
    expect(await raw.receiveResponse()).toMatch(/page$/)
  })

  it('works on the HTTP/1.1 side of a server of node:http2', async () => {
    const webSockets = useWebSockets()
    const server = createSecureServer({ ...createSelfSignedCertificate(), allowHTTP1: true })
    const listener: RequestListener = (request, response) => {
      void webSockets(request, response, () => void acceptAndEcho(request))
    }
    server.on('request', listener as never)
    const { client } = await openWebSocket(await listenForHttp1(server, true))
    client.send('hello')
    expect(await nextMessage(client)).toBe('hello')
  })

  it('works in a mounted router, behind a body parser, and with a request that is read after the accept', async () => {
    const app = express()
    const router = express.Router()
    router.use(useWebSockets(), express.json(), express.raw({ type: '*/*' }))
    router.all('/ws', async (req) => {
      const webSocket = await req.webSockets.acceptWebSocketAsync()
      req.resume()
      await echo(webSocket)
    })
    app.use('/mounted', router)
    const client = await RawHttp1Client.connect(await startHttp1Server(app))
    client.write(handshakeHead({ 'Content-Length': '0' }, 'GET /mounted/ws HTTP/1.1'))
    expect(await client.receiveHead()).toMatch(/^HTTP\/1\.1 101 /)
    for (const text of ['one', 'two']) {
      client.write(rawFrame(1, text))
      expect(await client.receive(rawFrame(1, text, { mask: false }))).toContain(text)
    }
  })
})

describe('a server that allows half-open connections', () => {
  it('does not accept a client that has left', async () => {
    const codes: unknown[] = []
    const webSockets = useWebSockets()
    const server = await startHttp1Server((request, response) => {
      void webSockets(request, response, () => {
        request.socket.once('end', () => {
          void request.webSockets.acceptWebSocketAsync().catch((error: { code: string }) => {
            codes.push(error.code)
            response.end('too late')
          })
        })
      })
    })
    Object.assign(server.server, { httpAllowHalfOpen: true })
    const client = await RawHttp1Client.connect(server)
    client.write(handshakeHead())
    client.socket.end()
    expect(await client.receiveResponse()).toMatch(/too late$/)
    expect(codes).toEqual(['ERR_WEBSOCKET_CLIENT_GONE'])
  })
})
