import { PassThrough } from 'node:stream'
import type { Socket } from 'node:net'
import { PING } from '../conformance/hostile/raw-http2-client.ts'
import { frameTypes, RawHttp2Client } from '../support/raw-http2.ts'
import { makeFrames, mutate } from './make-frames.ts'
import { makeConnect } from './make-handshake.ts'
import type { Random } from './random.ts'

/** The data of an HTTP/2 connection: a few streams with WebSockets, unexpected frames, and invalid bytes. */
export function makeHttp2(random: Random): readonly Buffer[] {
  const parts: Buffer[] = [PREFACE]
  const client = new RawHttp2Client(recorder(parts))
  client.send(frameTypes.settings, 0, 0)
  for (let id = 1; id <= 1 + 2 * random.below(4); id += 2) {
    client.sendHeaders(id, makeConnect(random), random.once(20))
    for (let count = random.below(4); count > 0; count--) makeHttp2Frame(random, client, id)
  }
  return parts.map((part) => mutate(random, part, 40))
}

function makeHttp2Frame(random: Random, client: RawHttp2Client, id: number): void {
  if (!random.once(4)) {
    // More streams than the server allows at first end the connection. So there are usually fewer, to have something to attack.
    const bytes = makeFrames(random).subarray(0, random.once(200) ? 100_000 : 5000)
    for (let at = 0; at < bytes.length; at += 16_000) client.sendData(id, bytes.subarray(at, at + 16_000), random.once(20))
    return
  }
  const act = random.pick([
    () => client.sendReset(id, random.below(14)),
    () => client.sendHeaders(id, [['x-trailer', '1']], random.once(2)),
    // A header block without an end, unless the next frame continues it.
    () => client.send(frameTypes.headers, random.below(2), id, Buffer.from('\0\x09x-trailer\x05value', 'latin1')),
    () => client.send(frameTypes.windowUpdate, 0, random.pick([0, id]), random.bytes(4)),
    () => client.send(PING, 0, 0, random.bytes(8)),
    () => client.sendGoaway(0, random.below(14)),
    () => client.send(frameTypes.settings, random.below(2), 0, random.bytes(6 * random.below(3))),
    () => client.send(random.below(12), random.below(256), random.pick([0, id, id + 1]), random.bytes(random.below(40))),
  ])
  act()
}

/** The target of the client's writes, so that its bytes can be cut and changed. */
function recorder(parts: Buffer[]): Socket {
  const stream = new PassThrough()
  const write = (bytes: Uint8Array): boolean => {
    parts.push(Buffer.from(bytes))
    return true
  }
  return Object.assign(stream, { setNoDelay: () => stream, write }) as unknown as Socket
}

const PREFACE = Buffer.from('PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n', 'latin1')
