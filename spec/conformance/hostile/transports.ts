import { once } from 'node:events'
import http2 from 'node:http2'
import net from 'node:net'
import type { Socket } from 'node:net'
import type { Duplex } from 'node:stream'
import tls from 'node:tls'
import { handshakeHead } from '../../support/raw-http1.ts'
import { RawPeer } from '../../support/raw-peer.ts'
import type { HostileServerPorts } from './server-settings.ts'

/** A WebSocket after its opening handshake, with raw bytes in both directions. Nothing is read before {@link readFrames}. */
export interface OpenedWebSocket {
  readonly duplex: Duplex
  /** The header fields of the accepting response, by lower-case name. */
  readonly headers: Readonly<Record<string, unknown>>
  /** Resets the connection over HTTP/1.1, or the stream over HTTP/2. */
  reset(): void
}

/** The name of a transport. */
export type TransportName = keyof HostileServerPorts

/** All transports. */
export const transportNames: readonly TransportName[] = ['http', 'https', 'h2c', 'h2']

/** The properties of the request. */
export interface Handshake {
  readonly path?: string
  readonly fields?: Readonly<Record<string, string>>
  /** Bytes to send before the answer; over HTTP/1.1 in one segment with the request. */
  readonly early?: Uint8Array
}

/** Opens a WebSocket over any transport. Rejects if it is refused. */
export async function openOver(name: TransportName, ports: HostileServerPorts, handshake: Handshake = {}): Promise<OpenedWebSocket> {
  const { socket, reset } = await connectOver(name, ports)
  return name === 'http' || name === 'https' ? upgrade(socket, reset, handshake) : extendedConnect(socket, handshake)
}

/** Starts reading the data from the server. */
export function readFrames({ duplex }: OpenedWebSocket): RawPeer {
  const peer = new RawPeer(duplex)
  duplex.resume()
  return peer
}

/** A connection to one of the ports, after its TLS handshake if there is one. {@link closeConnections} ends it. */
export async function connectOver(name: TransportName, ports: HostileServerPorts): Promise<{ socket: Socket; reset: () => void }> {
  const tcp = net.connect({ port: ports[name], host: '127.0.0.1', noDelay: true, allowHalfOpen: true })
  connections.add(tcp)
  tcp.once('close', () => connections.delete(tcp))
  tcp.on('error', ignore)
  await once(tcp, 'connect')
  const reset = (): void => void tcp.resetAndDestroy()
  if (name === 'http' || name === 'h2c') return { socket: tcp, reset }
  const socket = tls.connect({ socket: tcp, rejectUnauthorized: false, ALPNProtocols: [name === 'h2' ? 'h2' : 'http/1.1'] })
  socket.on('error', ignore)
  await once(socket, 'secureConnect')
  return { socket, reset }
}

/** Ends all connections of this file. For `afterEach`. */
export async function closeConnections(): Promise<void> {
  // Node 20 loops endlessly if a session is destroyed while it reports that one of its streams was closed.
  await new Promise(setImmediate)
  for (const connection of connections) connection.destroy()
}

/** Exempts the current connections from {@link closeConnections}. */
export function keepConnections(): void {
  connections.clear()
}

const connections = new Set<Socket>()

async function upgrade(
  socket: Socket,
  reset: () => void,
  { path = '/ws', fields = {}, early = NOTHING }: Handshake,
): Promise<OpenedWebSocket> {
  socket.write(Buffer.concat([Buffer.from(handshakeHead(fields, `GET ${path} HTTP/1.1`)), early]))
  let received = Buffer.alloc(0)
  for (;;) {
    const [chunk] = (await once(socket, 'data')) as [Buffer]
    received = Buffer.concat([received, chunk])
    const end = received.indexOf('\r\n\r\n')
    if (end < 0) continue
    socket.pause()
    const head = received.toString('latin1', 0, end)
    if (!head.startsWith('HTTP/1.1 101 ')) throw new Error(`The server answered ${head}`)
    if (received.length > end + 4) socket.unshift(received.subarray(end + 4))
    const lines = head.split('\r\n').slice(1)
    const headers = Object.fromEntries(lines.map((line) => [line.replace(/:.*/s, '').toLowerCase(), line.replace(/^[^:]*: ?/, '')]))
    return { duplex: socket, headers, reset }
  }
}

async function extendedConnect(socket: Socket, { path = '/ws', fields = {}, early = NOTHING }: Handshake): Promise<OpenedWebSocket> {
  const session = http2.connect('https://localhost', { createConnection: () => socket })
  session.on('error', ignore)
  await once(session, 'remoteSettings')
  const stream = session.request(
    { ':method': 'CONNECT', ':protocol': 'websocket', ':path': path, 'sec-websocket-version': '13', ...fields },
    { endStream: false },
  )
  stream.on('error', ignore)
  stream.once('close', () => session.close())
  if (early.length > 0) stream.write(early)
  const [headers] = (await once(stream, 'response')) as [http2.IncomingHttpHeaders & http2.IncomingHttpStatusHeader]
  if (headers[':status'] !== 200) throw new Error(`The server answered ${headers[':status']}`)
  return { duplex: stream, headers, reset: () => stream.close(http2.constants.NGHTTP2_CANCEL) }
}

const NOTHING = Buffer.alloc(0)

function ignore(): void {}
