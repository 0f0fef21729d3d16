import { AREA_LENGTH, loadUnmaskSimd } from './load-unmask-simd.ts'

/*
 * Memory that all sockets use in turn. If WebAssembly is supported, it is the memory of the module, so that bytes are unmasked in place.
 */

/** The module that unmasks 16 bytes at a time; `undefined` if it is not supported. */
export const unmaskSimd = loadUnmaskSimd()

const [readArea, textArea, ...otherAreas] = unmaskSimd?.areas ?? []

/** The memory that sockets are read into. */
export const readMemory = readArea ?? Buffer.allocUnsafeSlow(AREA_LENGTH)

/** The memory in which a text is unmasked, just before a string is made of it. */
export const textMemory = textArea ?? Buffer.allocUnsafeSlow(AREA_LENGTH)

/** The first chunks of the pool, for copies of bytes that wait to be received. */
export const chunkMemory: readonly Buffer[] = otherAreas

/** Whether these bytes are in the memory of the WebAssembly module. */
export function isInSharedMemory(bytes: Uint8Array): boolean {
  // The offset is checked first, because it is faster to read than `buffer`, and other chunks rarely have such a large offset.
  return unmaskSimd !== undefined && bytes.byteOffset >= AREA_LENGTH && bytes.buffer === readMemory.buffer
}
