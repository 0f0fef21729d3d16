import { afterEach } from '@jest/globals'
import type { Socket } from 'node:net'
import { duplexPair } from 'node:stream'
import type { Duplex } from 'node:stream'
import type { WebSocketCreationOptions } from '../../lib/web-socket/create-from-stream.ts'
import { ManagedWebSocket } from '../../lib/web-socket/managed-web-socket.ts'
import { connectTcp } from './connect-tcp.ts'
import { RawPeer } from './raw-peer.ts'

/** A WebSocket and a raw peer. */
export interface WebSocketAndPeer<Stream extends Duplex = Duplex> {
  readonly webSocket: ManagedWebSocket
  readonly peer: RawPeer
  /** The stream of the WebSocket. */
  readonly stream: Stream
}

const open = new Set<Duplex>()

afterEach(() => {
  for (const stream of open) stream.destroy()
  open.clear()
})

/** A WebSocket over TCP, in the server's role unless `options` change it. */
export async function openOverTcp(options: WebSocketCreationOptions = {}): Promise<WebSocketAndPeer<Socket>> {
  const [stream, other] = await openTcp()
  return pairUp(stream, other, options)
}

/** The same over a pair of streams in memory, whose buffers hold `highWaterMark` bytes. */
export function openInMemory(options: WebSocketCreationOptions = {}, highWaterMark = 16_384): WebSocketAndPeer {
  const [stream, other] = duplexPair({ highWaterMark })
  open.add(stream)
  open.add(other)
  return pairUp(stream, other, options)
}

/** Two connected WebSockets over TCP. */
export async function openBothOverTcp(
  options: Omit<WebSocketCreationOptions, 'isServer'> = {},
): Promise<{ readonly server: ManagedWebSocket; readonly client: ManagedWebSocket }> {
  const [serverStream, clientStream] = await openTcp()
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

/** Both ends of a TCP connection. They are destroyed after the test. */
async function openTcp(): Promise<[server: Socket, client: Socket]> {
  const sockets = await connectTcp()
  for (const socket of sockets) open.add(socket)
  return sockets
}
