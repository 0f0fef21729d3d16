import { deflateRawSync, constants } from 'node:zlib'
import { closePayload, rawFrame } from '../support/raw-frames.ts'
import type { Random } from './random.ts'

/** Frames of a client that sometimes violates the protocol. */
export function makeFrames(random: Random): Buffer {
  const frames = Array.from({ length: 1 + random.below(12) }, () => makeFrame(random))
  return mutate(random, Buffer.concat(frames), 8)
}

/** Changes, drops, doubles or inserts a few bytes; mostly changes nothing. */
export function mutate(random: Random, bytes: Buffer, times: number): Buffer {
  if (!random.once(times)) return bytes
  let mutated = Buffer.from(bytes)
  for (let count = 1 + random.below(4); count > 0 && mutated.length > 0; count--) {
    const at = random.below(mutated.length)
    const length = random.below(Math.min(16, mutated.length - at) + 1)
    const replacements = [
      random.bytes(length),
      Buffer.alloc(0),
      Buffer.concat([mutated.subarray(at, at + length), mutated.subarray(at, at + length)]),
      Buffer.concat([random.bytes(1 + random.below(8)), mutated.subarray(at, at + length)]),
    ] as const
    mutated = Buffer.concat([mutated.subarray(0, at), random.pick(replacements), mutated.subarray(at + length)])
  }
  return mutated
}

function makeFrame(random: Random): Buffer {
  const opcode = random.once(20) ? random.below(16) : random.pick([0, 1, 1, 2, 2, 8, 9, 10])
  const payload = makePayload(random, opcode)
  return rawFrame(opcode, payload, {
    isFinal: !random.once(4),
    reserved: random.once(6) ? random.pick([4, 4, 4, 2, 1, 7]) : 0,
    mask: random.once(40) ? false : random.bytes(4),
    ...(random.once(40) ? { extendedLengthSize: 8 as const } : {}),
    ...(random.once(40) ? { announcedLength: makeLength(random), extendedLengthSize: 8 as const } : {}),
  })
}

function makePayload(random: Random, opcode: number): Buffer {
  if (opcode === 8 && !random.once(4))
    return closePayload(random.pick([1000, 1001, 3000, 4999, 1005, 999, 65_535]), random.bytes(random.below(8)))
  if (opcode >= 8) return random.bytes(random.pick([0, 1, 8, 125, 125, 126]))
  const length = random.pick([0, 1, 5, 125, 126, 1000, 65_535, 65_536])
  switch (random.below(4)) {
    case 0:
      return random.bytes(Math.min(length, 2000))
    case 1:
      return deflateRawSync(Buffer.alloc(length, 'ab'), { finishFlush: constants.Z_SYNC_FLUSH }).subarray(0, -4)
    case 2:
      return Buffer.alloc(length, '\u20ac')
    default:
      return Buffer.alloc(length, 'x')
  }
}

function makeLength(random: Random): bigint {
  return BigInt(random.below(2 ** 32)) ** BigInt(1 + random.below(2)) % 2n ** 64n
}
