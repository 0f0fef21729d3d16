import { once } from 'node:events'
import type { Duplex } from 'node:stream'
import { setTimeout as delay } from 'node:timers/promises'

/** Writes `chunk` again and again as fast as the transport takes it. */
export async function writeManyTimes(duplex: Duplex, chunk: Uint8Array, times: number): Promise<void> {
  for (let index = 0; index < times && !duplex.destroyed && duplex.writable; index++) {
    if (!duplex.write(chunk)) await Promise.race([once(duplex, 'drain'), once(duplex, 'close'), once(duplex, 'end')]).catch(ignore)
  }
}

/** The same until nothing moves any more, since the server has stopped to read. Returns how many bytes were written. */
export async function writeUntilStuck(duplex: Duplex, chunk: Uint8Array, times: number): Promise<number> {
  for (let index = 1; index <= times; index++) {
    if (duplex.write(chunk)) continue
    const isStuck = await Promise.race([once(duplex, 'drain').then(() => false), delay(STUCK_AFTER, true, { ref: false })])
    if (isStuck) return index * chunk.length
  }
  return times * chunk.length
}

/** Milliseconds. Were it too short, the flood would be too small, which no test would take for a failure of the server. */
const STUCK_AFTER = 1000

function ignore(): void {}
