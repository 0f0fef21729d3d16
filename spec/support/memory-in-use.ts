import { setImmediate } from 'node:timers/promises'

/** What this process holds: JavaScript's heap, and what hangs on it outside, in bytes. */
export interface MemoryInUse {
  readonly total: number
  /** The part of it that is payload: ArrayBuffers, and with them Buffers. */
  readonly arrayBuffers: number
}

/**
 * Collects garbage until there is no more, and tells what is left. Turns of the event loop lie between: threads of zlib may still be at work, and
 * what one collection finalises, the next one frees. Needs `--expose-gc`.
 */
export async function memoryInUse(): Promise<MemoryInUse> {
  let before = Infinity
  for (;;) {
    for (let turn = 0; turn < 10; turn++) await setImmediate()
    globalThis.gc?.()
    // `external` has the ArrayBuffers in it.
    const { arrayBuffers, external, heapUsed } = process.memoryUsage()
    const total = heapUsed + external
    if (Math.abs(before - total) < NOISE) return { total, arrayBuffers }
    before = total
  }
}

/** Bytes. */
const NOISE = 16_384
