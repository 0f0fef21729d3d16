// temporary, until the SIMD helper lands its own
export function unmask(
  source: Uint8Array,
  sourceStart: number,
  target: Uint8Array,
  targetStart: number,
  length: number,
  mask: number,
  maskOffset: number,
): void {
  for (let i = 0; i < length; i++) target[targetStart + i] = (source[sourceStart + i] ?? 0) ^ (mask >>> (24 - 8 * ((maskOffset + i) & 3)))
}
export function unmaskAndCheckAscii(
  source: Uint8Array,
  sourceStart: number,
  target: Uint8Array,
  targetStart: number,
  length: number,
  mask: number,
  maskOffset: number,
): boolean {
  unmask(source, sourceStart, target, targetStart, length, mask, maskOffset)
  for (let i = 0; i < length; i++) if ((target[targetStart + i] ?? 0) > 127) return false
  return true
}
