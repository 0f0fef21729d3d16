/**
 * The peers of `kept-bytes.ts` in a separate thread, whose memory does not count. It opens the peers for a kind of frame, and sends and ends on
 * request.
 */
import { once } from 'node:events'
import { connect as connectHttp2 } from 'node:http2'
import type { ClientHttp2Session } from 'node:http2'
import { connect } from 'node:net'
import type { Duplex } from 'node:stream'
import { connect as connectTls } from 'node:tls'
import { setImmediate } from 'node:timers/promises'
import { parentPort, workerData } from 'node:worker_threads'
import type { MessagePort } from 'node:worker_threads'
import { connectFields } from '../../support/http2-web-sockets.ts'
import { handshakeHead } from '../../support/raw-http1.ts'
import { kindsOfFrames } from '../kinds-of-frames.ts'

const PEERS = 4
const EXTENSIONS = 'permessage-deflate; client_no_context_takeover'
const { isAnswered, transport, port } = workerData as { isAnswered: boolean; transport: string; port: number }
// This file always runs as a worker.
const parent = parentPort as MessagePort

async function openPeer(kind: string): Promise<Duplex> {
  const path = `/${encodeURIComponent(kind)}`
  const peer = transport === 'h2' ? await openHttp2Peer(path) : await openHttp1Peer(path)
  peer.on('error', () => undefined)
  if (kindsOfFrames[kind]?.isDeaf === true) peer.pause()
  else peer.resume()
  return peer
}

async function openHttp1Peer(path: string): Promise<Duplex> {
  const options = { port, host: '127.0.0.1', noDelay: true, rejectUnauthorized: false }
  const peer = transport === 'https' ? connectTls(options).setNoDelay() : connect(options)
  peer.write(handshakeHead({ 'Sec-WebSocket-Extensions': EXTENSIONS }, `GET ${path} HTTP/1.1`))
  if (isAnswered) await once(peer, 'data')
  return peer
}

const sessions: ClientHttp2Session[] = []

async function openHttp2Peer(path: string): Promise<Duplex> {
  const session = connectHttp2(`http://127.0.0.1:${port}`)
  sessions.push(session)
  await once(session, 'remoteSettings')
  const stream = session.request(connectFields(path, { 'sec-websocket-extensions': EXTENSIONS }), { endStream: false })
  if (isAnswered) await once(stream, 'response')
  return stream
}

async function trickle(peers: readonly Duplex[], bytes: Buffer): Promise<void> {
  for (let index = 0; index < bytes.length && peers.every(({ destroyed }) => !destroyed); index++) {
    for (const peer of peers) peer.write(bytes.subarray(index, index + 1))
    await setImmediate()
  }
}

async function serve(): Promise<void> {
  for (;;) {
    const [kind] = (await once(parent, 'message')) as [string]
    const { bytes, isTrickled } = kindsOfFrames[kind] ?? { bytes: Buffer.alloc(0) }
    const peers = await Promise.all(Array.from({ length: PEERS }, async () => openPeer(kind)))
    parent.postMessage('opened', [])
    await once(parent, 'message')
    if (isTrickled === true) void trickle(peers, bytes)
    else for (const peer of peers) peer.write(bytes)
    await once(parent, 'message')
    for (const peer of peers) peer.destroy()
    for (const session of sessions.splice(0)) session.destroy()
    parent.postMessage('ended', [])
  }
}

void serve()
