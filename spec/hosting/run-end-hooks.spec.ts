import { afterEach, describe, expect, it } from '@jest/globals'
import { once } from 'node:events'
import type { IncomingHttpHeaders } from 'node:http'
import express from 'express'
import type { Express } from 'express'
import { useWebSockets } from 'express-use-websockets'
import { closeHttp1Peers } from '../support/http1-peers.ts'
import { startHttp1Server } from '../support/http1-server.ts'
import { closeHttp2Peers, connectHttp2, openStream, startHttp2Server } from '../support/http2-peers.ts'
import { connectFields } from '../support/http2-web-sockets.ts'
import { refusedWebSocket } from '../support/web-socket-client.ts'

afterEach(async () => {
  closeHttp1Peers()
  await closeHttp2Peers()
})

/** A hook that never lets end() proceed, in an application that cancels the accept meanwhile and answers. */
function createApp(faults: unknown[], fields: Readonly<Record<string, string>> = {}): Express {
  const app = express()
  app.use(useWebSockets())
  app.use((_req, res, next) => {
    res.end = () => res
    next()
  })
  app.use(async (req, res) => {
    const controller = new AbortController()
    res.set(fields)
    const accepted = req.webSockets.acceptWebSocketAsync({ subProtocol: 'chat', signal: controller.signal }).catch(() => undefined)
    setImmediate(() => controller.abort())
    await accepted
    try {
      res.setHeader('Sec-WebSocket-Accept', 'of the application')
      res.setHeader('X-Own', 'own')
      res.writeHead(503)
      res.end('another time')
    } catch (error) {
      faults.push(error)
    }
  })
  return app
}

/** The answer that a client gets, over each protocol. */
const clients: Record<string, (app: Express) => Promise<{ status: number; headers: IncomingHttpHeaders; body: string }>> = {
  'HTTP/1.1': async (app) => refusedWebSocket(await startHttp1Server(app)),
  'HTTP/2': async (app) => {
    const stream = openStream(await connectHttp2(await startHttp2Server(app)), connectFields('/ws'))
    const [headers] = (await once(stream, 'response')) as [IncomingHttpHeaders & { ':status': number }]
    return { status: headers[':status'], headers, body: Buffer.concat(await stream.toArray()).toString() }
  },
}

describe.each(Object.keys(clients))('an accept that is cancelled while a hook of end() delays it, over %s', (protocol) => {
  it('leaves the response to the application', async () => {
    const faults: unknown[] = []
    const answer = await clients[protocol]?.(createApp(faults))
    expect(faults).toEqual([])
    expect(answer).toMatchObject({
      status: 503,
      headers: { 'x-own': 'own', 'sec-websocket-accept': 'of the application' },
      body: 'another time',
    })
  })

  it('leaves the fields that the application had set before', async () => {
    const fields = { 'content-encoding': 'identity', 'sec-websocket-protocol': 'of the application' }
    const answer = await clients[protocol]?.(createApp([], fields))
    expect(answer).toMatchObject({ status: 503, headers: fields })
  })
})
