import { once } from 'node:events'
import { connect } from 'node:net'
import type { Socket } from 'node:net'

/** The frame types of RFC 9113, section 6, that the specs use. */
export const frameTypes = { data: 0, headers: 1, reset: 3, settings: 4, ping: 6, goaway: 7, windowUpdate: 8 } as const

/** A received frame. */
export interface RawFrame {
  readonly type: number
  readonly flags: number
  readonly streamId: number
  readonly payload: Buffer
}

/**
 * An HTTP/2 client that sends any frame, valid or not. It encodes header blocks as literals without Huffman coding, and does not decode received
 * ones.
 */
export class RawHttp2Client {
  readonly frames: RawFrame[] = []
  readonly socket: Socket
  readonly #wakeUps = new Set<() => void>()
  #received = Buffer.alloc(0)

  /** Connects, sends the preface and waits for the server's settings. */
  static async connect(port: number, settings: readonly (readonly [id: number, value: number])[] = []): Promise<RawHttp2Client> {
    const socket = connect(port, '127.0.0.1')
    await once(socket, 'connect')
    const client = new RawHttp2Client(socket)
    socket.write('PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n')
    const payload = Buffer.alloc(settings.length * 6)
    for (const [index, [id, value]] of settings.entries()) {
      payload.writeUInt16BE(id, index * 6)
      payload.writeUInt32BE(value, index * 6 + 2)
    }
    client.send(frameTypes.settings, 0, 0, payload)
    await client.frame(({ type }) => type === frameTypes.settings)
    client.send(frameTypes.settings, 1, 0)
    return client
  }

  constructor(socket: Socket) {
    this.socket = socket
    socket.setNoDelay(true)
    socket.on('error', () => undefined)
    socket.on('data', (chunk: Buffer) => this.#receive(chunk))
    socket.on('close', () => this.#wakeUp())
  }

  /** Sends several frames in one segment. */
  inOneSegment(send: () => void): void {
    this.socket.cork()
    send()
    this.socket.uncork()
  }

  send(type: number, flags: number, streamId: number, payload: Uint8Array = Buffer.alloc(0)): void {
    const header = Buffer.alloc(9)
    header.writeUIntBE(payload.length, 0, 3)
    header[3] = type
    header[4] = flags
    header.writeUInt32BE(streamId, 5)
    this.socket.write(Buffer.concat([header, payload]))
  }

  sendHeaders(streamId: number, fields: readonly (readonly [name: string, value: string])[], endStream = false): void {
    const block = Buffer.concat(fields.map(([name, value]) => Buffer.concat([Buffer.of(0), literal(name), literal(value)])))
    this.send(frameTypes.headers, 0x4 | (endStream ? 1 : 0), streamId, block)
  }

  sendData(streamId: number, data: string | Uint8Array, endStream = false): void {
    this.send(frameTypes.data, endStream ? 1 : 0, streamId, Buffer.from(data))
  }

  sendReset(streamId: number, code: number): void {
    this.send(frameTypes.reset, 0, streamId, uint32(code))
  }

  sendGoaway(lastStreamId: number, code: number): void {
    this.send(frameTypes.goaway, 0, 0, Buffer.concat([uint32(lastStreamId), uint32(code)]))
  }

  /** The first matching frame, already received or future. Rejects if the connection closes without one. */
  async frame(matches: (frame: RawFrame) => boolean): Promise<RawFrame> {
    for (;;) {
      const found = this.frames.find(matches)
      if (found !== undefined) return found
      if (this.socket.closed) throw new Error('The connection was closed before such a frame came')
      await new Promise<void>((resolve) => this.#wakeUps.add(resolve))
    }
  }

  /** The first frame of this type on this stream. */
  async frameOn(streamId: number, type: number): Promise<RawFrame> {
    return this.frame((frame) => frame.streamId === streamId && frame.type === type)
  }

  /** All DATA of the stream until END_STREAM or RST_STREAM. */
  async dataOf(streamId: number): Promise<Buffer> {
    await this.frame((frame) => frame.streamId === streamId && (frame.type === frameTypes.reset || endsStream(frame)))
    const parts = this.frames.filter((frame) => frame.streamId === streamId && frame.type === frameTypes.data)
    return Buffer.concat(parts.map(({ payload }) => payload))
  }

  #receive(chunk: Buffer): void {
    this.#received = Buffer.concat([this.#received, chunk])
    while (this.#received.length >= 9) {
      const end = 9 + this.#received.readUIntBE(0, 3)
      if (this.#received.length < end) break
      const streamId = this.#received.readUInt32BE(5) & 0x7fffffff
      const frame = {
        type: this.#received.readUInt8(3),
        flags: this.#received.readUInt8(4),
        streamId,
        payload: this.#received.subarray(9, end),
      }
      this.frames.push(frame)
      this.#received = this.#received.subarray(end)
    }
    this.#wakeUp()
  }

  #wakeUp(): void {
    for (const wakeUp of this.#wakeUps) wakeUp()
    this.#wakeUps.clear()
  }
}

/** Whether the frame has END_STREAM set. */
export function endsStream({ type, flags }: RawFrame): boolean {
  return (type === frameTypes.data || type === frameTypes.headers) && (flags & 1) === 1
}

/** The error code of an RST_STREAM frame. */
export function resetCode(frame: RawFrame): number {
  return frame.payload.readUInt32BE(0)
}

/** The status of a HEADERS frame if it is in the static table (RFC 7541, appendix A); otherwise 0. */
export function tabledStatus(frame: RawFrame): number {
  return [200, 204, 206, 304, 400, 404, 500][(frame.payload[0] ?? 0) - 0x88] ?? 0
}

function literal(text: string): Buffer {
  const bytes = Buffer.from(text, 'latin1')
  if (bytes.length < 127) return Buffer.concat([Buffer.of(bytes.length), bytes])
  const length = [127]
  let rest = bytes.length - 127
  for (; rest >= 128; rest = Math.floor(rest / 128)) length.push((rest % 128) + 128)
  return Buffer.concat([Buffer.of(...length, rest), bytes])
}

function uint32(value: number): Buffer {
  const bytes = Buffer.alloc(4)
  bytes.writeUInt32BE(value)
  return bytes
}
