;; XORs the first bytes of memory with a masking key, 16 at a time. scripts/build-unmask-simd.ts makes unmask-simd-module.ts of this.
(module
  (memory (export "memory") 1)
  ;; $length: bytes, a multiple of 16, not 0. $key: the key as it lies in memory, little endian.
  ;; Returns 0 if every resulting byte is ASCII.
  (func (export "unmask") (param $length i32) (param $key i32) (result i32)
    (local $at i32) (local $keys v128) (local $bytes v128) (local $seen v128)
    (local.set $keys (i32x4.splat (local.get $key)))
    (loop $next
      (local.set $bytes (v128.xor (v128.load (local.get $at)) (local.get $keys)))
      (v128.store (local.get $at) (local.get $bytes))
      (local.set $seen (v128.or (local.get $seen) (local.get $bytes)))
      (local.set $at (i32.add (local.get $at) (i32.const 16)))
      (br_if $next (i32.lt_u (local.get $at) (local.get $length))))
    (i8x16.bitmask (local.get $seen))))
