import { UNMASK_SIMD_MODULE } from './unmask-simd-module.ts'

/** The WebAssembly module that unmasks 16 bytes at a time, and the parts of its memory. */
export interface UnmaskSimd {
  /** {@link BLOCK_LENGTH} bytes. Bytes outside of this memory are copied here to be unmasked. */
  readonly block: Uint8Array
  /** The rest of the memory, in pieces of {@link AREA_LENGTH} bytes. */
  readonly areas: readonly Buffer[]
  /**
   * Copies `length` bytes within the memory, from one offset to another, and XORs them with a little-endian key. The two ranges must be equal or
   * must not overlap. Returns 0 if all resulting bytes are ASCII.
   */
  readonly unmask: (from: number, to: number, length: number, key: number) => number
}

/** The number of bytes that are copied in and unmasked at a time. They fit into the first-level cache of a processor. */
export const BLOCK_LENGTH = 32_768

/** The maximum number of bytes of one read. Many peers send 64 KiB at a time, in one or in several messages; the rest is for the frame headers. */
export const AREA_LENGTH = 65_536 + 4096

/**
 * The offset in a page of 4 KiB at which each part of the memory begins. Large blocks of `malloc` begin at the front of a page. Some processors
 * (an AMD EPYC was measured) copy slowly if the target is 8 to 24 bytes further into its page than the source: 16 KiB take 6.4 us instead of 1.4
 * (`bench/unmask.bench.ts`).
 */
const MARGIN = 512

/** Returns `undefined` if WebAssembly or its SIMD instructions are not supported, e.g. with `node --jitless`. */
export function loadUnmaskSimd(): UnmaskSimd | undefined {
  try {
    // Renamed, because the compiled CommonJS code reads BLOCK_LENGTH from a variable named `exports`.
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

/** Node's types do not declare it. The exports are those of unmask-simd.wat. */
declare const WebAssembly: {
  readonly Module: new (bytes: Uint8Array) => object
  readonly Instance: new (module: object) => {
    readonly exports: { readonly memory: { readonly buffer: ArrayBuffer }; readonly unmask: UnmaskSimd['unmask'] }
  }
}
