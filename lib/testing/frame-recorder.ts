import { FrameHeader, HeaderOutcome } from '../web-socket/frames/frame-header.ts'
import { ReceivedBytes } from '../web-socket/memory/received-bytes.ts'

/** A frame of the server as it was on the wire (RFC 6455, section 5.2). */
export interface RecordedFrame {
  /** 0 continuation, 1 text, 2 binary, 8 Close, 9 Ping, 10 Pong. */
  readonly opcode: number
  /** Whether this is the last or only frame of its message (FIN). */
  readonly isFinal: boolean
  /** Whether the payload is compressed (RSV1). */
  readonly isCompressed: boolean
  /** The payload as it was on the wire: compressed if `isCompressed` is `true`. */
  readonly payload: Buffer
}

/** Parses the frames of a server and keeps them. */
export class FrameRecorder {
  readonly frames: RecordedFrame[] = []
  readonly #bytes = new ReceivedBytes()
  readonly #header = new FrameHeader()

  push(chunk: Uint8Array): void {
    this.#bytes.push(chunk)
    const header = this.#header
    while (header.parse(this.#bytes, 0, false, true) === HeaderOutcome.Complete && this.#bytes.length >= header.size + header.length) {
      const payload = Buffer.alloc(header.length)
      this.#bytes.skip(header.size)
      this.#bytes.unmaskInto(payload, 0, payload.length, 0, 0)
      this.frames.push({ opcode: header.opcode, isFinal: header.isFinal, isCompressed: header.isCompressed, payload })
    }
  }
}
