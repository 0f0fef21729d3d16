;; Copies bytes within memory and XORs them with a masking key, 16 at a time. scripts/build-unmask-simd.ts writes unmask-simd-module.ts from this file.
(module
  (memory (export "memory") 12)
  ;; $key: little-endian; its lowest byte is for the first byte. Source and target must be equal or must not overlap.
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
    ;; 16 is a multiple of 4, so the rest begins with the first byte of the key.
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
