import { setImmediate } from 'node:timers/promises'

/** The memory of this process in bytes: the JavaScript heap and the external memory. */
export interface MemoryInUse {
  readonly total: number
  /** The part of it in ArrayBuffers, including Buffers. */
  readonly arrayBuffers: number
}

/**
 * Collects garbage until nothing more is freed, and returns the memory in use. Turns of the event loop lie in between, because threads of zlib may
 * still be running, and objects that one collection finalises are freed by the next one. Needs `--expose-gc`.
 */
export async function memoryInUse(): Promise<MemoryInUse> {
  let before = Infinity
  for (;;) {
    for (let turn = 0; turn < 10; turn++) await setImmediate()
    globalThis.gc?.()
    // `external` includes the ArrayBuffers.
    const { arrayBuffers, external, heapUsed } = process.memoryUsage()
    const total = heapUsed + external
    if (Math.abs(before - total) < NOISE) return { total, arrayBuffers }
    before = total
  }
}

/** Bytes. */
const NOISE = 16_384
