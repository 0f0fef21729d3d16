import { AREA_LENGTH, loadUnmaskSimd } from './load-unmask-simd.ts'

/*
 * Memory that all sockets use in turn. It is WebAssembly's, if there is any: what lies in it is unmasked where it is, without being copied in and out.
 */

/** What unmasks 16 bytes at a time; `undefined` where there is none. */
export const unmaskSimd = loadUnmaskSimd()

const [readArea, textArea, ...otherAreas] = unmaskSimd?.areas ?? []

/** What sockets are read into. */
export const readMemory = readArea ?? Buffer.allocUnsafeSlow(AREA_LENGTH)

/** Where texts are unmasked. Holds one for as long as it takes to make a string of it. */
export const textMemory = textArea ?? Buffer.allocUnsafeSlow(AREA_LENGTH)

/** Where bytes that wait to be received are copied to: the first chunks of the pool. */
export const chunkMemory: readonly Buffer[] = otherAreas

/** Whether these bytes lie in WebAssembly's memory. */
export function isInSharedMemory(bytes: Uint8Array): boolean {
  // The offset first: it is at hand, the buffer is not, and nothing that comes from elsewhere has such an offset as a rule.
  return unmaskSimd !== undefined && bytes.byteOffset >= AREA_LENGTH && bytes.buffer === readMemory.buffer
}
