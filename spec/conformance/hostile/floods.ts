import { once } from 'node:events'
import type { Duplex } from 'node:stream'
import { setTimeout as delay } from 'node:timers/promises'

/** Writes `chunk` repeatedly, as fast as the transport accepts it. */
export async function writeManyTimes(duplex: Duplex, chunk: Uint8Array, times: number): Promise<void> {
  for (let index = 0; index < times && !duplex.destroyed && duplex.writable; index++) {
    if (!duplex.write(chunk)) await Promise.race([once(duplex, 'drain'), once(duplex, 'close'), once(duplex, 'end')]).catch(ignore)
  }
}

/** Works the same until the server has stopped reading. Returns the number of written bytes. */
export async function writeUntilStuck(duplex: Duplex, chunk: Uint8Array, times: number): Promise<number> {
  for (let index = 1; index <= times; index++) {
    if (duplex.write(chunk)) continue
    const isStuck = await Promise.race([once(duplex, 'drain').then(() => false), delay(STUCK_AFTER, true, { ref: false })])
    if (isStuck) return index * chunk.length
  }
  return times * chunk.length
}

/** Milliseconds. If it were too short, the flood would be too small, and no test would notice. */
const STUCK_AFTER = 1000

function ignore(): void {}
