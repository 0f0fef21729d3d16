import type { Socket } from 'node:net'
import { setImmediate } from 'node:timers/promises'
import { handshakeHead } from '../../support/raw-http1.ts'
import { frameTypes } from '../../support/raw-http2.ts'
import { connectFields, connectRawHttp2 } from '../../conformance/hostile/raw-http2-client.ts'
import { connectOver } from '../../conformance/hostile/transports.ts'
import type { MeasuredServer, TransportName } from './measured-server.ts'

/** A client that requests a WebSocket, and then sends without reading. Over HTTP/2, its window is 0. */
export interface SilentPeer {
  readonly socket: Socket
  /** Sends bytes in one write; over HTTP/2 in as few DATA frames as possible. */
  send(bytes: Uint8Array): void
}

/** The properties of the request. */
export interface SilentHandshake {
  readonly path: string
  readonly isCompressed: boolean
}

/** Connects this many peers. `closeConnections` ends them. */
export async function connectSilentPeers(
  server: MeasuredServer,
  transport: TransportName,
  handshake: SilentHandshake,
  count: number,
): Promise<SilentPeer[]> {
  const peers = await Promise.all(Array.from({ length: count }, () => connectSilentPeer(server, transport, handshake)))
  await server.untilReady(count)
  return peers
}

/** Sends from all peers. Each round sends one of `parts` in a separate write, after the previous one has left. */
export async function sendToAll(peers: readonly SilentPeer[], parts: readonly Uint8Array[]): Promise<void> {
  for (const part of parts) {
    for (const peer of peers) peer.send(part)
    do await setImmediate()
    while (peers.some(({ socket }) => socket.writableLength > 0))
  }
}

async function connectSilentPeer({ ports }: MeasuredServer, transport: TransportName, handshake: SilentHandshake): Promise<SilentPeer> {
  if (transport === 'h2c' || transport === 'h2') return connectHttp2Peer(ports, transport, handshake)
  const isSecure = transport === 'https' || transport === 'https, attached'
  const { socket } = await connectOver(isSecure ? 'https' : 'http', { ...ports, [isSecure ? 'https' : 'http']: ports[transport] })
  const fields = handshake.isCompressed ? { 'Sec-WebSocket-Extensions': 'permessage-deflate' } : {}
  socket.write(handshakeHead(fields, `GET ${handshake.path} HTTP/1.1`))
  return { socket, send: (bytes) => void socket.write(bytes) }
}

async function connectHttp2Peer(
  ports: MeasuredServer['ports'],
  transport: 'h2c' | 'h2',
  { path, isCompressed }: SilentHandshake,
): Promise<SilentPeer> {
  const { client } = await connectRawHttp2(transport, ports, [[INITIAL_WINDOW_SIZE, 0]])
  client.sendHeaders(STREAM, connectFields(path, isCompressed ? [['sec-websocket-extensions', 'permessage-deflate']] : []))
  return {
    socket: client.socket,
    send(bytes) {
      client.inOneSegment(() => {
        for (let start = 0; start < bytes.length; start += MAX_DATA_LENGTH) {
          client.send(frameTypes.data, 0, STREAM, bytes.subarray(start, start + MAX_DATA_LENGTH))
        }
      })
    },
  }
}

/** RFC 9113, section 6.5.2. */
const INITIAL_WINDOW_SIZE = 4
const STREAM = 1
/** The default limit for the payload of a frame. */
const MAX_DATA_LENGTH = 16_384
