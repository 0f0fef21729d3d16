import type { FrameToSend } from './scenario.ts'

/** Encodes a frame of the client, valid or not. */
export function encodeFrame({ opcode, fin = true, rsv = 0, masked = true, text, hex, size, length }: FrameToSend): Buffer {
  const payload = toPayload(text, hex, size)
  const announced = length ?? payload.length
  const first = (fin ? 0x80 : 0) | (rsv << 4) | opcode
  const maskBit = masked ? 0x80 : 0
  for (const [index, byte] of payload.entries()) if (masked) payload[index] = byte ^ MASK.readUInt8(index & 3)
  return Buffer.concat([Buffer.from([first]), encodeLength(announced, maskBit), masked ? MASK : Buffer.alloc(0), payload])
}

/** The masking key of the example in RFC 6455, section 5.7. */
const MASK = Buffer.from('37fa213d', 'hex')

function toPayload(text: string | undefined, hex: string | undefined, size: number | undefined): Buffer {
  if (text !== undefined) return Buffer.from(text)
  return hex === undefined ? Buffer.alloc(size ?? 0, 'a') : Buffer.from(hex, 'hex')
}

function encodeLength(length: number, maskBit: number): Buffer {
  if (length < 126) return Buffer.from([maskBit | length])
  const long = length >= 65_536
  const bytes = Buffer.alloc(long ? 9 : 3)
  bytes.writeUInt8(maskBit | (long ? 127 : 126))
  if (long) bytes.writeBigUInt64BE(BigInt(length), 1)
  else bytes.writeUInt16BE(length, 1)
  return bytes
}
