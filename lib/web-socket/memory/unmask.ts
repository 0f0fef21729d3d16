import { BLOCK_LENGTH } from './load-unmask-simd.ts'
import type { UnmaskSimd } from './load-unmask-simd.ts'
import { textMemory, unmaskSimd } from './shared-memory.ts'

/**
 * Copies `length` bytes from `source` to `target` and XORs them with a masking key (RFC 6455, section 5.3). Source and target may be the same bytes.
 * @param mask - the key, its first byte most significant; with 0 the bytes stay unchanged.
 * @param maskOffset - the number of payload bytes before these.
 * @returns whether all resulting bytes are ASCII.
 */
export function unmask(
  source: Uint8Array,
  sourceStart: number,
  target: Uint8Array,
  targetStart: number,
  length: number,
  mask: number,
  maskOffset: number,
): boolean {
  const key = rotate(mask, maskOffset)
  if (length < SIMD_MIN_LENGTH || unmaskSimd === undefined) return unmaskByBytes(source, sourceStart, target, targetStart, length, key)
  return unmaskBySimd(unmaskSimd, source, sourceStart, target, targetStart, length, key)
}

/**
 * Works as `unmask`, for source bytes in shared memory that nobody reads again: they may also be unmasked in place. If the target is `textMemory`,
 * they stay unchanged.
 */
export function unmaskInSharedMemory(
  source: Uint8Array,
  sourceStart: number,
  target: Uint8Array,
  targetStart: number,
  length: number,
  mask: number,
  maskOffset: number,
): boolean {
  const isText = target === textMemory
  if (unmaskSimd === undefined || (length < SIMD_MIN_LENGTH && !isText)) {
    return unmask(source, sourceStart, target, targetStart, length, mask, maskOffset)
  }
  const from = source.byteOffset + sourceStart
  const key = swapBytes(rotate(mask, maskOffset))
  if (isText) return unmaskSimd.unmask(from, textMemory.byteOffset + targetStart, length, key) === 0
  const isAscii = unmaskSimd.unmask(from, from, length, key) === 0
  target.set(source.subarray(sourceStart, sourceStart + length), targetStart)
  return isAscii
}

/**
 * Unmasks byte by byte. This is the fastest way for short payloads, and the only one without WebAssembly. The most significant byte of `key` belongs to
 * the first byte.
 */
export function unmaskByBytes(
  source: Uint8Array,
  sourceStart: number,
  target: Uint8Array,
  targetStart: number,
  length: number,
  key: number,
): boolean {
  const first = key >>> 24
  const second = (key >>> 16) & 0xff
  const third = (key >>> 8) & 0xff
  const fourth = key & 0xff
  let seen = 0
  let from = sourceStart
  let to = targetStart
  const end = sourceStart + length
  for (const lastWhole = end - 3; from < lastWhole; from += 4, to += 4) {
    const a = (source[from] ?? 0) ^ first
    const b = (source[from + 1] ?? 0) ^ second
    const c = (source[from + 2] ?? 0) ^ third
    const d = (source[from + 3] ?? 0) ^ fourth
    target[to] = a
    target[to + 1] = b
    target[to + 2] = c
    target[to + 3] = d
    seen |= a | b | c | d
  }
  for (let shift = 24; from < end; from++, to++, shift -= 8) {
    const byte = (source[from] ?? 0) ^ ((key >>> shift) & 0xff)
    target[to] = byte
    seen |= byte
  }
  return seen < 0x80
}

/** Unmasks 16 bytes at a time. Copies the bytes into the memory of WebAssembly and out again, in blocks that fit into the processor's cache. */
export function unmaskBySimd(
  simd: UnmaskSimd,
  source: Uint8Array,
  sourceStart: number,
  target: Uint8Array,
  targetStart: number,
  length: number,
  key: number,
): boolean {
  const littleEndianKey = swapBytes(key)
  let isAscii = true
  // The length of a block is a multiple of 4, so each block begins with the first byte of the key.
  for (let at = 0; at < length; at += BLOCK_LENGTH) {
    const blockLength = Math.min(BLOCK_LENGTH, length - at)
    simd.block.set(source.subarray(sourceStart + at, sourceStart + at + blockLength))
    isAscii = simd.unmask(simd.block.byteOffset, simd.block.byteOffset, blockLength, littleEndianKey) === 0 && isAscii
    target.set(blockLength === BLOCK_LENGTH ? simd.block : simd.block.subarray(0, blockLength), targetStart + at)
  }
  return isAscii
}

/** For shorter payloads, the call of WebAssembly costs more than it saves. */
const SIMD_MIN_LENGTH = 192

function rotate(mask: number, offset: number): number {
  const shift = (offset & 3) * 8
  return shift === 0 ? mask : (mask << shift) | (mask >>> (32 - shift))
}

function swapBytes(key: number): number {
  return (key << 24) | ((key & 0xff00) << 8) | ((key >>> 8) & 0xff00) | (key >>> 24)
}
