import { BLOCK_LENGTH } from './load-unmask-simd.ts'
import type { UnmaskSimd } from './load-unmask-simd.ts'
import { textMemory, unmaskSimd } from './shared-memory.ts'

/**
 * Moves `length` bytes from `source` to `target`, XORing them with a masking key (RFC 6455, section 5.3) on the way.
 * Source and target may be the same bytes.
 * @param mask - the key, its first byte most significant; 0 moves the bytes as they are.
 * @param maskOffset - how many bytes of the payload came before these.
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
 * The same for bytes that lie in shared memory, and are taken from there for good: they may be left there unmasked, unless the target is
 * `textMemory`.
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

/** Byte by byte: the fastest for short payloads, and the way without WebAssembly. `key` begins with the byte that the first byte wants. */
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

/** 16 bytes at a time, by way of WebAssembly's memory, in blocks that stay in the processor's cache. */
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
  // A block is a multiple of the key's 4 bytes: with each, it begins anew.
  for (let at = 0; at < length; at += BLOCK_LENGTH) {
    const blockLength = Math.min(BLOCK_LENGTH, length - at)
    simd.block.set(source.subarray(sourceStart + at, sourceStart + at + blockLength))
    isAscii = simd.unmask(simd.block.byteOffset, simd.block.byteOffset, blockLength, littleEndianKey) === 0 && isAscii
    target.set(blockLength === BLOCK_LENGTH ? simd.block : simd.block.subarray(0, blockLength), targetStart + at)
  }
  return isAscii
}

/** Below this, crossing over to WebAssembly costs more than it saves. */
const SIMD_MIN_LENGTH = 192

function rotate(mask: number, offset: number): number {
  const shift = (offset & 3) * 8
  return shift === 0 ? mask : (mask << shift) | (mask >>> (32 - shift))
}

function swapBytes(key: number): number {
  return (key << 24) | ((key & 0xff00) << 8) | ((key >>> 8) & 0xff00) | (key >>> 24)
}
