import { randomBytes } from 'node:crypto'

/** Encodes a masked frame, as a client sends it. */
export function clientFrame(payload: Buffer, isText: boolean, isCompressed = false): Buffer {
  const { length } = payload
  const header = Buffer.alloc(length < 126 ? 2 : length < 65_536 ? 4 : 10)
  header[0] = 0x80 | (isCompressed ? 0x40 : 0) | (isText ? 1 : 2)
  header[1] = 0x80 | (length < 126 ? length : length < 65_536 ? 126 : 127)
  if (header.length === 4) header.writeUInt16BE(length, 2)
  if (header.length === 10) header.writeBigUInt64BE(BigInt(length), 2)
  const mask = randomBytes(4)
  const masked = Buffer.from(payload)
  for (let index = 0; index < length; index++) masked[index] = (masked[index] ?? 0) ^ (mask[index & 3] ?? 0)
  return Buffer.concat([header, mask, masked])
}

/** A message of printable ASCII. */
export function messageOf(length: number): Buffer {
  const payload = Buffer.alloc(length)
  for (let index = 0; index < length; index++) payload[index] = 0x20 + ((index * 7) % 95)
  return payload
}

/** A masked Close frame with code 1000. */
export const CLOSE = Buffer.from([0x88, 0x82, 0, 0, 0, 0, 0x03, 0xe8])

/**
 * Counts the messages in the frames that a server sends. It parses headers only, to cost the client little.
 * It keeps the payload of the first message, so that the caller can compare it with the message sent.
 */
export class FrameWalker {
  /** The number of complete messages. */
  messages = 0
  /** Whether the server has sent a Close frame. */
  isClosed = false
  /** The payload of the first message, until the caller has taken it. */
  firstMessage: Buffer[] | undefined = []
  #remaining = 0
  #isFinal = false
  readonly #header = Buffer.alloc(10)
  #headerLength = 0

  walk(bytes: Uint8Array): void {
    let offset = 0
    while (offset < bytes.length) {
      if (this.#remaining > 0) {
        const step = Math.min(this.#remaining, bytes.length - offset)
        if (this.messages === 0) this.firstMessage?.push(Buffer.from(bytes.subarray(offset, offset + step)))
        this.#remaining -= step
        offset += step
        if (this.#remaining === 0 && this.#isFinal) this.messages++
      } else {
        offset = this.#readHeader(bytes, offset)
      }
    }
  }

  #readHeader(bytes: Uint8Array, start: number): number {
    let offset = start
    while (offset < bytes.length) {
      this.#header[this.#headerLength++] = bytes[offset++] ?? 0
      const short = (this.#header[1] ?? 0) & 0x7f
      const size = this.#headerLength < 2 || short < 126 ? 2 : short === 126 ? 4 : 10
      if (this.#headerLength < size) continue
      this.#headerLength = 0
      const first = this.#header[0] ?? 0
      if ((first & 0x0f) === 8) this.isClosed = true
      // A Ping would count as a message here, but all servers send them every two minutes at most, or never.
      this.#isFinal = (first & 0x80) !== 0 && (first & 0x0f) < 8
      this.#remaining = size === 2 ? short : size === 4 ? this.#header.readUInt16BE(2) : Number(this.#header.readBigUInt64BE(2))
      if (this.#remaining === 0 && this.#isFinal) this.messages++
      break
    }
    return offset
  }
}
