import type { ClientHttp2Session } from 'node:http2'
import { once } from 'node:events'
import type { Duplex } from 'node:stream'
import { afterEach, describe, expect, it } from '@jest/globals'
import express from 'express'
import type { Express, Request } from 'express'
import { useWebSockets, webSocketHandler } from 'express-use-websockets'
import type { ManagedWebSocket } from 'express-use-websockets'
import { closeConnections, openOver } from '../conformance/hostile/transports.ts'
import { closeHttp1Servers, startHttp1Server } from '../support/http1-server.ts'
import { closeHttp2Peers, connectHttp2, openStream, startHttp2Server } from '../support/http2-peers.ts'
import { RawPeer } from '../support/raw-peer.ts'
import { until } from '../support/until.ts'

/** The number of WebSockets, and the number of messages in flight on each. */
const CONNECTIONS = 1000
const UNDER_WAY = 4

afterEach(async () => {
  await closeConnections()
  closeHttp1Servers()
  await closeHttp2Peers()
})

describe('closeAsync of the middleware under load', () => {
  it.each([
    ['HTTP/1.1', openOverHttp1],
    ['HTTP/2', openOverHttp2],
  ])(
    'closes 1,000 echoing WebSockets over %s with 1001, without losing a message that sendAsync had accepted',
    async (_protocol, open) => {
      const webSockets = useWebSockets()
      const accepted: number[] = Array.from({ length: CONNECTIONS }, () => 0)
      const refused: string[] = []
      const app = express()
      app.use(webSockets)
      app.all(
        '/ws/:id',
        webSocketHandler((webSocket, { params }: Request) => echo(webSocket, Number(params['id']))),
      )
      async function echo(webSocket: ManagedWebSocket, id: number): Promise<void> {
        for await (const message of webSocket) {
          try {
            await webSocket.sendAsync(message)
            accepted[id] = (accepted[id] ?? 0) + 1
          } catch (error) {
            refused.push((error as { code: string }).code)
          }
        }
      }
      const clients = (await open(app)).map((duplex) => echoUntilClose(new RawPeer(duplex)))
      await until(() => accepted.every((count) => count > 3 * UNDER_WAY))
      expect(await webSockets.closeAsync()).toEqual({ closed: CONNECTIONS, aborted: 0, unreceived: 0 })
      const results = await Promise.all(clients)
      expect(results.map(({ received }) => received)).toEqual(accepted)
      expect(new Set(results.map(({ closeStatus }) => closeStatus))).toEqual(new Set([1001]))
      // The load has continued: messages were on their way to the server when its Close frame was sent.
      expect(new Set(refused)).toEqual(new Set(['ERR_WEBSOCKET_INVALID_STATE']))
    },
    60_000,
  )
})

/** Sends numbered messages, the next one for each echo, until the server closes. Throws if one is missing or out of order. */
async function echoUntilClose(peer: RawPeer): Promise<{ readonly received: number; readonly closeStatus: number }> {
  peer.duplex.resume()
  for (let sent = 0; sent < UNDER_WAY; sent++) void peer.sendFrame(1, String(sent))
  for (let received = 0; ; received++) {
    const { opcode, payload } = await peer.nextFrame()
    if (opcode === 8) {
      await peer.sendFrame(8, payload)
      peer.end()
      return { received, closeStatus: payload.readUInt16BE(0) }
    }
    if (payload.toString() !== String(received)) throw new Error(`Received ${payload.toString()} instead of ${received}`)
    void peer.sendFrame(1, String(received + UNDER_WAY))
  }
}

async function openOverHttp1(app: Express): Promise<Duplex[]> {
  const { port } = await startHttp1Server(app)
  const duplexes: Duplex[] = []
  for (let id = 0; id < CONNECTIONS; id++) {
    duplexes.push((await openOver('http', { http: port, https: 0, h2c: 0, h2: 0 }, { path: `/ws/${id}` })).duplex)
  }
  return duplexes
}

/** A hundred on each connection. */
async function openOverHttp2(app: Express): Promise<Duplex[]> {
  const server = await startHttp2Server(app)
  const duplexes: Duplex[] = []
  let session: ClientHttp2Session | undefined
  for (let id = 0; id < CONNECTIONS; id++) {
    if (session === undefined || id % 100 === 0) session = await connectHttp2(server)
    const stream = openStream(session, {
      ':method': 'CONNECT',
      ':protocol': 'websocket',
      ':path': `/ws/${id}`,
      'sec-websocket-version': '13',
    })
    await once(stream, 'response')
    duplexes.push(stream)
  }
  return duplexes
}
