/** unmask-simd.wat, assembled by scripts/build-unmask-simd.ts. 112 bytes. */
export const UNMASK_SIMD_MODULE =
  'AGFzbQEAAAABBwFgAn9/AX8DAgEABQMBAAEHEwIGbWVtb3J5AgAGdW5tYXNrAAAKPwE9AgF/A3sgAf0RIQMDQCAC/QAEACAD/VEhBCACIAT9CwQAIAUgBP1QIQUgAkEQaiECIAIgAEkNAAsgBf1kCw=='
