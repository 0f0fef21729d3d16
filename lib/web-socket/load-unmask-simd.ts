import { UNMASK_SIMD_MODULE } from './unmask-simd-module.ts'

/** The WebAssembly module, and its memory. */
export interface UnmaskSimd {
  /** {@link BLOCK_LENGTH} bytes. */
  readonly bytes: Uint8Array
  /** XORs the first bytes, a multiple of 16, with a little-endian key; 0 if the resulting bytes are all ASCII. */
  readonly unmaskBlock: (length: number, key: number) => number
}

/** How much is unmasked in one go: what stays in a processor's first-level cache. */
export const BLOCK_LENGTH = 32_768

/** `undefined` where there is no WebAssembly, or none with SIMD (`node --jitless`). */
export function loadUnmaskSimd(): UnmaskSimd | undefined {
  try {
    // Not by the name of `exports`: in CommonJS, BLOCK_LENGTH is a property of that one.
    const { exports: module } = new WebAssembly.Instance(new WebAssembly.Module(Buffer.from(UNMASK_SIMD_MODULE, 'base64')))
    return { bytes: new Uint8Array(module.memory.buffer, 0, BLOCK_LENGTH), unmaskBlock: module.unmask }
  } catch {
    return undefined
  }
}

/** Node's types leave it to those of browsers. The exports are those of unmask-simd.wat. */
declare const WebAssembly: {
  readonly Module: new (bytes: Uint8Array) => object
  readonly Instance: new (module: object) => {
    readonly exports: { readonly memory: { readonly buffer: ArrayBuffer }; readonly unmask: UnmaskSimd['unmaskBlock'] }
  }
}
