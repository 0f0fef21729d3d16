/** A frame on the wire (RFC 6455, section 5.2), with its payload unmasked. */
export interface RawFrame {
  readonly opcode: number
  readonly payload: Buffer
  readonly isFinal: boolean
  /** RSV1 to RSV3 as bits: 4, 2, 1. */
  readonly reserved: number
  readonly isMasked: boolean
}

/** The differences of a frame from an ordinary, final, masked one. */
export interface RawFrameOptions {
  readonly isFinal?: boolean
  readonly reserved?: number
  /** `false`: unmasked, like a frame of a server. */
  readonly mask?: Uint8Array | false
  /** The number of bytes of the extended length, even if the length does not need them. */
  readonly extendedLengthSize?: 0 | 2 | 8
  /** The announced length, independent of the payload. */
  readonly announcedLength?: bigint
}

/** Builds a frame, valid or not. By default, it is a frame of a client. */
export function rawFrame(opcode: number, payload: Uint8Array | string = '', options: RawFrameOptions = {}): Buffer {
  const { isFinal = true, reserved = 0, mask = DEFAULT_MASK } = options
  const bytes = Buffer.from(payload)
  const length = options.announcedLength ?? BigInt(bytes.length)
  const extendedLengthSize = options.extendedLengthSize ?? (length < 126n ? 0 : length < 65_536n ? 2 : 8)
  const header = Buffer.alloc(2 + extendedLengthSize)
  header[0] = (isFinal ? 0x80 : 0) | (reserved << 4) | opcode
  header[1] = (mask === false ? 0 : 0x80) | (extendedLengthSize === 0 ? Number(length) : extendedLengthSize === 2 ? 126 : 127)
  if (extendedLengthSize === 2) header.writeUInt16BE(Number(length), 2)
  if (extendedLengthSize === 8) header.writeBigUInt64BE(length, 2)
  if (mask === false) return Buffer.concat([header, bytes])
  return Buffer.concat([header, mask, bytes.map((byte, index) => byte ^ (mask[index % 4] ?? 0))])
}

/** The payload of a Close frame. */
export function closePayload(status: number, reason: Uint8Array | string = ''): Buffer {
  const code = Buffer.alloc(2)
  code.writeUInt16BE(status)
  return Buffer.concat([code, Buffer.from(reason)])
}

/** Removes the complete frames from the start of `bytes`. Throws if no sender may send them. */
export function parseFrames(bytes: Buffer): { readonly frames: RawFrame[]; readonly rest: Buffer } {
  const frames: RawFrame[] = []
  let rest = bytes
  for (;;) {
    const [first, second] = rest
    if (first === undefined || second === undefined) return { frames, rest }
    const shortLength = second & 0x7f
    const extendedLengthSize = shortLength === 126 ? 2 : shortLength === 127 ? 8 : 0
    const isMasked = second >= 0x80
    const start = 2 + extendedLengthSize + (isMasked ? 4 : 0)
    if (rest.length < start) return { frames, rest }
    const length =
      extendedLengthSize === 0 ? shortLength : extendedLengthSize === 2 ? rest.readUInt16BE(2) : Number(rest.readBigUInt64BE(2))
    if (length < (extendedLengthSize === 0 ? 0 : extendedLengthSize === 2 ? 126 : 65_536)) throw new Error('A length is not minimal')
    if (rest.length < start + length) return { frames, rest }
    const payload = Buffer.from(rest.subarray(start, start + length))
    if (isMasked) for (const index of payload.keys()) payload[index] = (payload[index] ?? 0) ^ (rest[start - 4 + (index % 4)] ?? 0)
    frames.push({ opcode: first & 0x0f, payload, isFinal: first >= 0x80, reserved: (first >> 4) & 7, isMasked })
    rest = rest.subarray(start + length)
  }
}

const DEFAULT_MASK = Buffer.from([0x37, 0xfa, 0x21, 0x3d])
