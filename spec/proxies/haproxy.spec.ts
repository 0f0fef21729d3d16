import { afterEach, describe, expect, it } from '@jest/globals'
import express from 'express'
import { connect } from 'node:http2'
import { useWebSockets, webSocketHandler } from 'express-use-websockets'
import { startHttp2Server, closeHttp2Peers } from '../support/http2-peers.ts'
import { openHttp2WebSocket } from '../support/http2-web-sockets.ts'
import { closeHttp1Servers, startHttp1Server } from '../support/http1-server.ts'
import { haproxy, startProxy, stopProxies } from './start-proxy.ts'

afterEach(async () => {
  await closeHttp2Peers()
  closeHttp1Servers()
  await stopProxies()
})

function createApp(seen: string[]) {
  const app = express()
  app.use(useWebSockets())
  app.all(
    '/ws',
    webSocketHandler(async (webSocket, request) => {
      seen.push(`${request.method} HTTP/${request.httpVersion}`)
      for await (const message of webSocket) await webSocket.sendAsync(message)
    }),
  )
  return app
}

/** HAProxy with HTTP/2 for clients. `backend` selects the protocol to the server. */
async function startHaproxy(port: number, backend: string): Promise<number> {
  return startProxy(
    haproxy,
    (own) => `
defaults
  mode http
  timeout connect 5s
  timeout client 30s
  timeout server 30s
  timeout tunnel 30s
frontend front
  bind 127.0.0.1:${own} proto h2
  default_backend back
backend back
  server node 127.0.0.1:${port} ${backend}
`,
  )
}

async function portOf(server: Awaited<ReturnType<typeof startHttp2Server>>): Promise<number> {
  const address = server.address()
  if (address === null || typeof address === 'string') throw new Error('The server has no port')
  return address.port
}

describe('behind HAProxy with HTTP/2 to the client', () => {
  it.each([
    ['HTTP/1.1', '', 'GET HTTP/1.1'],
    ['HTTP/2', 'proto h2', 'CONNECT HTTP/2.0'],
  ])('echoes with %s to the server', async (protocol, backend, expected) => {
    const seen: string[] = []
    const app = createApp(seen)
    const behind = protocol === 'HTTP/2' ? await portOf(await startHttp2Server(app)) : (await startHttp1Server(app)).port
    const session = connect(`http://127.0.0.1:${await startHaproxy(behind, backend)}`)
    try {
      const { webSocket } = await openHttp2WebSocket(session, '/ws')
      await webSocket.sendAsync('through HAProxy')
      const received = await webSocket[Symbol.asyncIterator]().next()
      expect(received.value).toBe('through HAProxy')
      await webSocket.closeAsync(3001, 'bye')
      expect(webSocket.closeStatus).toBe(3001)
      expect(seen).toEqual([expected])
    } finally {
      session.close()
    }
  })
})
