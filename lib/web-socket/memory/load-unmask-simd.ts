import { UNMASK_SIMD_MODULE } from './unmask-simd-module.ts'

/** The WebAssembly module, and what its memory is used for. */
export interface UnmaskSimd {
  /** Where bytes that lie elsewhere are unmasked: {@link BLOCK_LENGTH} bytes. */
  readonly block: Uint8Array
  /** The rest of the memory, in pieces of {@link AREA_LENGTH} bytes. */
  readonly areas: readonly Buffer[]
  /**
   * Moves `length` bytes within the memory, from offset to offset, XORing them with a little-endian key; 0 if the resulting bytes are all
   * ASCII. Both places are the same, or do not overlap.
   */
  readonly unmask: (from: number, to: number, length: number, key: number) => number
}

/** How much is copied in to be unmasked in one go: what stays in a processor's first-level cache. */
export const BLOCK_LENGTH = 32_768

/** As much as is read at once. Many peers send 64 KiB at a time, in one message or in several: then their headers are read with them. */
export const AREA_LENGTH = 65_536 + 4096

/**
 * Where in a page of 4 KiB everything begins: away from its front, where `malloc` lets large blocks begin. Some processors (an AMD EPYC, as
 * measured) copy at a tenth of their speed if the target is 8 to 24 bytes further into its page than the source: `bench/unmask.bench.ts` then
 * prints 6.4 us for 16 KiB instead of 1.4.
 */
const MARGIN = 512

/** `undefined` where there is no WebAssembly, or none with SIMD (`node --jitless`). */
export function loadUnmaskSimd(): UnmaskSimd | undefined {
  try {
    // Not by the name of `exports`: in CommonJS, BLOCK_LENGTH is a property of that one.
    const { exports: module } = new WebAssembly.Instance(new WebAssembly.Module(Buffer.from(UNMASK_SIMD_MODULE, 'base64')))
    const { buffer } = module.memory
    const count = Math.floor((buffer.byteLength - MARGIN) / AREA_LENGTH) - 1
    return {
      block: new Uint8Array(buffer, MARGIN, BLOCK_LENGTH),
      areas: Array.from({ length: count }, (_, index) => Buffer.from(buffer, MARGIN + (index + 1) * AREA_LENGTH, AREA_LENGTH)),
      unmask: module.unmask,
    }
  } catch {
    return undefined
  }
}

/** Node's types leave it to those of browsers. The exports are those of unmask-simd.wat. */
declare const WebAssembly: {
  readonly Module: new (bytes: Uint8Array) => object
  readonly Instance: new (module: object) => {
    readonly exports: { readonly memory: { readonly buffer: ArrayBuffer }; readonly unmask: UnmaskSimd['unmask'] }
  }
}
