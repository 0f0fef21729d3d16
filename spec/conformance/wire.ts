import type { RecordedFrame } from './transcript.ts'

/** The server as a client sees it: bytes, frames from {@link Wire.parseFrames} on, and the end of the connection. */
export class Wire {
  buffer = Buffer.alloc(0)
  readonly frames: RecordedFrame[] = []
  end = 'open'
  isParsing = false
  readonly #wakeUps = new Set<() => void>()

  push(chunk: Buffer): void {
    this.buffer = Buffer.concat([this.buffer, chunk])
    if (this.isParsing) this.parseFrames()
    this.wake()
  }

  finish(how: string): void {
    if (this.end === 'open') this.end = how
    this.wake()
  }

  /** Wakes the waiters, so that they check again. */
  wake(): void {
    for (const wakeUp of this.#wakeUps) wakeUp()
  }

  /** Waits until `test` holds. Resolves with whether it held in time. */
  async until(test: () => boolean, milliseconds = PATIENCE): Promise<boolean> {
    if (test()) return true
    return new Promise((resolve) => {
      const settle = (isMet: boolean): void => {
        clearTimeout(timer)
        this.#wakeUps.delete(wakeUp)
        resolve(isMet)
      }
      const wakeUp = (): void => {
        if (test()) settle(true)
      }
      const timer = setTimeout(settle, milliseconds, false)
      this.#wakeUps.add(wakeUp)
    })
  }

  parseFrames(): void {
    this.isParsing = true
    for (;;) {
      const [first, second] = this.buffer
      if (first === undefined || second === undefined) return
      const [length, at] = this.#parseLength(second & 0x7f)
      if (length === undefined || this.buffer.length < at + length) return
      const payload = this.buffer.subarray(at, at + length)
      const frame = { opcode: first & 15, fin: (first & 0x80) !== 0, rsv: (first >> 4) & 7, masked: (second & 0x80) !== 0, length }
      this.frames.push({ ...frame, ...describePayload(frame.opcode, frame.rsv, payload) })
      this.buffer = this.buffer.subarray(at + length)
    }
  }

  #parseLength(short: number): [length: number | undefined, end: number] {
    if (short === 126) return [this.buffer.length < 4 ? undefined : this.buffer.readUInt16BE(2), 4]
    if (short === 127) return [this.buffer.length < 10 ? undefined : Number(this.buffer.readBigUInt64BE(2)), 10]
    return [short, 2]
  }
}

/** The time that a client waits for expected data, in milliseconds. */
const PATIENCE = 1500

function describePayload(opcode: number, rsv: number, payload: Buffer): Partial<RecordedFrame> {
  if (opcode === 8) return { closeCode: payload.length >= 2 ? payload.readUInt16BE(0) : null, reason: payload.toString('utf8', 2) }
  return payload.length <= 64 && rsv === 0 ? { payload: payload.toString('hex') } : {}
}
