import { afterEach } from '@jest/globals'
import { once } from 'node:events'
import { connect, createServer } from 'node:net'
import type { Socket } from 'node:net'
import { duplexPair } from 'node:stream'
import type { Duplex } from 'node:stream'
import type { WebSocketCreationOptions } from '../../lib/web-socket/create-from-stream.ts'
import { ManagedWebSocket } from '../../lib/web-socket/managed-web-socket.ts'
import { RawPeer } from './raw-peer.ts'

/** A WebSocket, and a peer that is none. */
export interface WebSocketAndPeer<Stream extends Duplex = Duplex> {
  readonly webSocket: ManagedWebSocket
  readonly peer: RawPeer
  /** The stream under the WebSocket. */
  readonly stream: Stream
}

const open = new Set<Duplex>()

afterEach(() => {
  for (const stream of open) stream.destroy()
  open.clear()
})

/** Both ends of a real TCP connection. They are destroyed after the test. */
export async function connectTcp(): Promise<[server: Socket, client: Socket]> {
  const server = createServer({ allowHalfOpen: true, noDelay: true }).listen(0, '127.0.0.1')
  await once(server, 'listening')
  const address = server.address()
  if (address === null || typeof address === 'string') throw new Error('The server has no port')
  const accepted = once(server, 'connection')
  const client = connect({ port: address.port, host: '127.0.0.1', allowHalfOpen: true, noDelay: true })
  const [socket]: Socket[] = await accepted
  if (socket === undefined) throw new Error('No connection arrived')
  await (client.connecting ? once(client, 'connect') : undefined)
  server.close()
  open.add(client)
  open.add(socket)
  return [socket, client]
}

/** A WebSocket in the server's role, unless `options` say otherwise, over TCP. */
export async function openOverTcp(options: WebSocketCreationOptions = {}): Promise<WebSocketAndPeer<Socket>> {
  const [stream, other] = await connectTcp()
  return pairUp(stream, other, options)
}

/** The same over a pair of streams in memory, whose buffers hold `highWaterMark` bytes. */
export function openInMemory(options: WebSocketCreationOptions = {}, highWaterMark = 16_384): WebSocketAndPeer {
  const [stream, other] = duplexPair({ highWaterMark })
  open.add(stream)
  open.add(other)
  return pairUp(stream, other, options)
}

/** Two WebSockets that talk to each other over TCP. */
export async function openBothOverTcp(
  options: Omit<WebSocketCreationOptions, 'isServer'> = {},
): Promise<{ readonly server: ManagedWebSocket; readonly client: ManagedWebSocket }> {
  const [serverStream, clientStream] = await connectTcp()
  return {
    server: ManagedWebSocket.createFromStream(serverStream, { ...options, isServer: true }),
    client: ManagedWebSocket.createFromStream(clientStream, { ...options, isServer: false }),
  }
}

function pairUp<Stream extends Duplex>(stream: Stream, other: Duplex, options: WebSocketCreationOptions): WebSocketAndPeer<Stream> {
  const isServer = options.isServer ?? true
  const webSocket = ManagedWebSocket.createFromStream(stream, { ...options, isServer })
  return { webSocket, peer: new RawPeer(other, !isServer), stream }
}
