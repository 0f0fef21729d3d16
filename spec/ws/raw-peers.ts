import { once } from 'node:events'
import type { RequestListener } from 'node:http'
import type { Duplex } from 'node:stream'
import { startHttp1Server, startHttpsServer } from '../support/http1-server.ts'
import { connectHttp2, openStream, startHttp2Server } from '../support/http2-peers.ts'
import { connectFields } from '../support/http2-web-sockets.ts'
import { handshakeHead, RawHttp1Client } from '../support/raw-http1.ts'
import { RawPeer } from '../support/raw-peer.ts'

/** The transport of a WebSocket. */
export const transports = ['http', 'https', 'h2'] as const

/** A peer of the application with an open WebSocket at `/ws`. `closeHttp1Peers()` and `closeHttp2Peers()` end it. */
export async function openRawPeer(transport: (typeof transports)[number], app: RequestListener, extensions?: string): Promise<RawPeer> {
  return new RawPeer(await openDuplex(transport, app, extensions))
}

async function openDuplex(transport: (typeof transports)[number], app: RequestListener, extensions: string | undefined): Promise<Duplex> {
  if (transport === 'h2') {
    const session = await connectHttp2(await startHttp2Server(app))
    const stream = openStream(session, connectFields('/ws', extensions === undefined ? {} : { 'sec-websocket-extensions': extensions }))
    await once(stream, 'response')
    return stream
  }
  const client = await RawHttp1Client.connect(await (transport === 'http' ? startHttp1Server : startHttpsServer)(app))
  client.write(handshakeHead({ 'Sec-WebSocket-Extensions': extensions }))
  await client.receiveHead()
  client.socket.unshift(client.received)
  return client.socket
}
