import { constants, inflateRawSync } from 'node:zlib'
import type { RawFrame } from '../../support/raw-frames.ts'
import type { RawPeer } from '../../support/raw-peer.ts'
import { readFrames } from './transports.ts'
import type { OpenedWebSocket } from './transports.ts'

/**
 * Sends bytes on an open WebSocket, and reads until the server ends the connection.
 * @returns the data from the server, e.g. `['text "abc"', 'close 1000']`, with `'reset'` at the end if it reset the connection.
 */
export async function playFrames(webSocket: OpenedWebSocket, ...bytes: readonly Uint8Array[]): Promise<readonly string[]> {
  const peer = readFrames(webSocket)
  // A server that has failed the connection may ignore the rest.
  const sent = peer.send(...bytes).catch(ignore)
  return finish(peer, sent)
}

/** Works the same, but our side of the connection ends after the bytes. */
export async function playFramesAndEnd(webSocket: OpenedWebSocket, ...bytes: readonly Uint8Array[]): Promise<readonly string[]> {
  const peer = readFrames(webSocket)
  peer.duplex.end(Buffer.concat(bytes))
  return finish(peer)
}

async function finish(peer: RawPeer, sent?: Promise<void>): Promise<readonly string[]> {
  const how = await peer.ended
  peer.end()
  await sent
  return [...peer.frames.map(describeFrame), ...(how === 'reset' ? ['reset'] : [])]
}

/** A description of a frame. */
export function describeFrame({ opcode, payload, reserved }: RawFrame): string {
  const content = reserved === 4 ? inflateRawSync(payload, { finishFlush: constants.Z_SYNC_FLUSH }) : payload
  const name = `${NAMES[opcode] ?? `opcode ${opcode}`}${reserved === 4 ? ' deflated' : ''}`
  if (opcode === CLOSE) return payload.length === 0 ? name : `${name} ${payload.readUInt16BE(0)}`
  if (content.length > 100) return `${name}[${content.length}]`
  return `${name} ${opcode === BINARY ? content.toString('hex') : JSON.stringify(content.toString())}`
}

const CLOSE = 8
const BINARY = 2
const NAMES: Readonly<Record<number, string>> = { 0: 'continuation', 1: 'text', 2: 'binary', 8: 'close', 9: 'ping', 10: 'pong' }

function ignore(): void {}
