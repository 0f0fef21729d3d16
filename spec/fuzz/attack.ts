import { once } from 'node:events'
import type { Socket } from 'node:net'
import { setTimeout as delay } from 'node:timers/promises'
import type { HostileServerPorts } from '../conformance/hostile/server-settings.ts'
import { connectOver } from '../conformance/hostile/transports.ts'
import type { TransportName } from '../conformance/hostile/transports.ts'
import { makeFrames } from './make-frames.ts'
import { makeHandshake } from './make-handshake.ts'
import { makeHttp2 } from './make-http2.ts'
import type { Random } from './random.ts'

/** One connection of a hostile client, from its opening to its end. */
export class Attack {
  readonly transport: TransportName
  /** The sent data in hexadecimal, one entry per write. */
  readonly writes: string[] = []
  readonly #random: Random

  constructor(random: Random, transport: TransportName) {
    this.#random = random
    this.transport = transport
  }

  async carryOut(ports: HostileServerPorts): Promise<void> {
    const random = this.#random
    const isEncrypted = this.transport === 'https' || this.transport === 'h2'
    const { socket, reset } = await connectOver(this.transport, ports)
    // Some clients never read.
    if (!random.once(10)) socket.resume()
    const parts = this.transport.startsWith('http') ? makeHttp1(random) : makeHttp2(random)
    for (const part of cut(random, parts)) {
      if (!socket.writable) break
      this.writes.push(part.toString('hex'))
      socket.write(part)
      if (random.once(2)) await new Promise(setImmediate)
    }
    // The TLS client of Node 20 crashes if the TCP connection under it is reset during a write.
    await leave(random, socket, isEncrypted ? () => socket.destroy() : reset)
    socket.destroy()
  }
}

function makeHttp1(random: Random): readonly Buffer[] {
  return [makeHandshake(random), ...Array.from({ length: 1 + random.below(4) }, () => makeFrames(random))]
}

/** Splits the bytes into one, several or very small segments. */
function cut(random: Random, parts: readonly Buffer[]): readonly Buffer[] {
  const size = random.pick([Infinity, Infinity, 4096, 100, 7])
  if (size === Infinity) return parts
  const bytes = Buffer.concat(parts).subarray(0, size * 500)
  return Array.from({ length: Math.ceil(bytes.length / size) }, (_, index) => bytes.subarray(index * size, (index + 1) * size))
}

/** Leaves with a reset, with the end of our side, or after the server has had some time. */
async function leave(random: Random, socket: Socket, reset: () => void): Promise<void> {
  if (random.once(4)) return reset()
  if (random.once(2)) socket.end()
  if (!socket.destroyed) await Promise.race([once(socket, 'close'), once(socket, 'end'), delay(50)]).catch(ignore)
}

function ignore(): void {}
