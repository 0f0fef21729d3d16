import type { Duplex } from 'node:stream'
import { parseFrames, rawFrame } from './raw-frames.ts'
import type { RawFrame, RawFrameOptions } from './raw-frames.ts'

/** How the other side ended its half of the connection: normally or by a reset. */
export type RawEnd = 'end' | 'reset'

/** The other end of a WebSocket, which sends any bytes and sees every frame. */
export class RawPeer {
  readonly duplex: Duplex
  /** The received frames that `nextFrame` has not returned yet. */
  readonly frames: RawFrame[] = []
  /** Resolves when the other side has ended the connection. */
  readonly ended: Promise<RawEnd>
  readonly #isServer: boolean
  #rest: Buffer = Buffer.alloc(0)
  #hasEnded = false
  #waiting: (() => void)[] = []

  constructor(duplex: Duplex, isServer = false) {
    this.duplex = duplex
    this.#isServer = isServer
    this.ended = new Promise((resolve) => {
      const onEnd = (how: RawEnd): void => {
        this.#hasEnded = true
        this.#wake()
        resolve(how)
      }
      duplex.on('end', () => onEnd('end'))
      duplex.on('error', () => onEnd('reset'))
      duplex.on('close', () => onEnd('reset'))
    })
    duplex.on('data', (chunk: Buffer) => {
      const { frames, rest } = parseFrames(Buffer.concat([this.#rest, chunk]))
      this.#rest = rest
      this.frames.push(...frames)
      this.#wake()
    })
  }

  /** Sends raw bytes. Resolves when they have left. */
  send(...chunks: Uint8Array[]): Promise<void> {
    return new Promise((resolve, reject) => {
      this.duplex.write(Buffer.concat(chunks), (error) => (error instanceof Error ? reject(error) : resolve()))
    })
  }

  /** Sends one frame, masked if the role of this peer requires it. */
  sendFrame(opcode: number, payload: Uint8Array | string = '', options: RawFrameOptions = {}): Promise<void> {
    return this.send(rawFrame(opcode, payload, this.#isServer ? { mask: false, ...options } : options))
  }

  /** Ends our half of the connection normally. */
  end(): void {
    this.duplex.end()
  }

  /** The next frame of the other side. */
  async nextFrame(): Promise<RawFrame> {
    for (;;) {
      const frame = this.frames.shift()
      if (frame !== undefined) return frame
      if (this.#hasEnded) throw new Error('The connection ended before a frame came')
      await new Promise<void>((resolve) => void this.#waiting.push(resolve))
    }
  }

  /** All frames until the end of the connection. */
  async remainingFrames(): Promise<RawFrame[]> {
    await this.ended
    return this.frames.splice(0)
  }

  #wake(): void {
    const waiting = this.#waiting
    this.#waiting = []
    for (const resolve of waiting) resolve()
  }
}
