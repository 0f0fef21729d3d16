;; Moves bytes within memory, XORing them with a masking key, 16 at a time. scripts/build-unmask-simd.ts makes unmask-simd-module.ts of this.
(module
  (memory (export "memory") 12)
  ;; $key: as it lies in memory, little endian; its first byte is for the first byte. Source and target are the same place or do not overlap.
  ;; Returns 0 if every resulting byte is ASCII.
  (func (export "unmask") (param $from i32) (param $to i32) (param $length i32) (param $key i32) (result i32)
    (local $end i32) (local $keys v128) (local $bytes v128) (local $seen v128) (local $byte i32) (local $rest i32)
    (local.set $keys (i32x4.splat (local.get $key)))
    (local.set $end (i32.add (local.get $from) (i32.and (local.get $length) (i32.const -16))))
    (if (i32.lt_u (local.get $from) (local.get $end))
      (then
        (loop $next
          (local.set $bytes (v128.xor (v128.load (local.get $from)) (local.get $keys)))
          (v128.store (local.get $to) (local.get $bytes))
          (local.set $seen (v128.or (local.get $seen) (local.get $bytes)))
          (local.set $from (i32.add (local.get $from) (i32.const 16)))
          (local.set $to (i32.add (local.get $to) (i32.const 16)))
          (br_if $next (i32.lt_u (local.get $from) (local.get $end))))))
    ;; A multiple of 16 bytes is a multiple of the key's 4: it begins anew.
    (local.set $end (i32.add (local.get $end) (i32.and (local.get $length) (i32.const 15))))
    (if (i32.lt_u (local.get $from) (local.get $end))
      (then
        (loop $next
          (local.set $byte (i32.xor (i32.load8_u (local.get $from)) (i32.and (local.get $key) (i32.const 0xff))))
          (i32.store8 (local.get $to) (local.get $byte))
          (local.set $rest (i32.or (local.get $rest) (local.get $byte)))
          (local.set $key (i32.rotr (local.get $key) (i32.const 8)))
          (local.set $from (i32.add (local.get $from) (i32.const 1)))
          (local.set $to (i32.add (local.get $to) (i32.const 1)))
          (br_if $next (i32.lt_u (local.get $from) (local.get $end))))))
    (i32.or (i8x16.bitmask (local.get $seen)) (i32.and (local.get $rest) (i32.const 0x80)))))
