import loadWabt from 'wabt'

/** Returns the source of `unmask-simd-module.ts` for the text of `unmask-simd.wat`. */
export async function assembleUnmaskSimd(text: string): Promise<string> {
  const wabt = await loadWabt()
  const { buffer } = wabt.parseWat('unmask-simd.wat', text, { simd: true }).toBinary({})
  return `/** unmask-simd.wat, assembled by scripts/build-unmask-simd.ts. ${buffer.length} bytes. */
export const UNMASK_SIMD_MODULE =
  '${Buffer.from(buffer).toString('base64')}'
`
}
