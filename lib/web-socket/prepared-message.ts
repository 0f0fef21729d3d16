import { constants, deflateRawSync } from 'node:zlib'
import { compressInPool } from './compression/compress-in-pool.ts'
import { checkMessageType, toPayload } from './arguments.ts'
import type { WebSocketData } from './arguments.ts'
import { frameOf } from './frames/frame-writer.ts'
import { Opcode } from './frames/opcode.ts'
import type { OutgoingFrame } from './sending/send-queue.ts'
import { WebSocketMessageType } from './values/web-socket-message-type.ts'

/** A message that is framed once for any number of sockets. {@link prepareMessage} creates it. */
export class PreparedMessage implements OutgoingFrame {
  /** @internal */
  readonly payload: Uint8Array
  /** @internal */
  readonly opcode: number
  /** @internal */
  readonly isFinal = true
  /** @internal */
  readonly isCompressionDisabled = false
  /** @internal The whole frame, as a server sends it. */
  readonly frame: Buffer
  /** Compressed frames by window bits and level. */
  readonly #compressedFrames = new Map<string, Buffer>()
  /** Callbacks that wait for a frame from the thread pool, by the same keys. */
  readonly #waiting = new Map<string, FrameCallback[]>()

  /** @internal */
  constructor(payload: Uint8Array, opcode: number) {
    this.payload = payload
    this.opcode = opcode
    this.frame = frameOf(0x80 | opcode, payload)
  }

  /** @internal */
  get isText(): boolean {
    return this.opcode === Opcode.Text
  }

  /**
   * @internal The whole compressed frame. It does not refer to earlier messages, so it suits every socket with these parameters.
   * @returns `undefined` if the message is long and was not compressed with these parameters yet: use {@link compressInPool}.
   */
  compressedFrame(windowBits: number, level: number): Buffer | undefined {
    const key = `${windowBits} ${level}`
    const known = this.#compressedFrames.get(key)
    if (known !== undefined || this.payload.length > MAX_SYNCHRONOUS_LENGTH) return known
    return this.#keepFrame(key, deflateRawSync(this.payload, { windowBits, level, finishFlush: constants.Z_SYNC_FLUSH }))
  }

  /** @internal Compresses the message in the thread pool, once for all callers with these parameters. */
  compressInPool(windowBits: number, level: number, callback: FrameCallback): void {
    const key = `${windowBits} ${level}`
    const others = this.#waiting.get(key)
    if (others !== undefined) return void others.push(callback)
    const callbacks = [callback]
    this.#waiting.set(key, callbacks)
    compressInPool(this.payload, windowBits, level, (error, compressed) => {
      this.#waiting.delete(key)
      const frame = compressed === undefined ? undefined : this.#keepFrame(key, compressed)
      for (const each of callbacks) each(error, frame)
    })
  }

  #keepFrame(key: string, compressed: Buffer): Buffer {
    // RFC 7692, section 7.2.1: the sender removes the end of the flush, 00 00 FF FF.
    const frame = frameOf(0xc0 | this.opcode, compressed.subarray(0, -4))
    this.#compressedFrames.set(key, frame)
    return frame
  }
}

/** Called with the frame, or with the error of zlib. */
type FrameCallback = (error: Error | undefined, frame: Buffer | undefined) => void

/**
 * In bytes. Longer messages are compressed in the thread pool. JSON of this length takes 1 ms, once for all sockets, and 1 MiB takes 18 ms. The limit is
 * higher than for other messages, because the promises of 1,000 sockets that wait for the pool take 1.4 ms.
 */
const MAX_SYNCHRONOUS_LENGTH = 65_536

/**
 * Frames a message once, to send it to many sockets with `sendAsync()`. It is also compressed only once, when it is first sent to a socket with
 * compression: synchronously up to 64 KiB, and in the thread pool beyond that. The data is copied.
 * @param data - the whole message.
 * @param messageType - defaults to text for a string and binary for bytes.
 * @throws {@link WebSocketException} `ERR_WEBSOCKET_INVALID_ARGUMENT`
 *
 * @example
 * ```ts
 * const message = prepareMessage(JSON.stringify(price))
 * for (const webSocket of subscribers) void webSocket.sendAsync(message)
 * ```
 */
export function prepareMessage(data: WebSocketData, messageType?: WebSocketMessageType): PreparedMessage {
  const type: unknown = messageType ?? (typeof data === 'string' ? WebSocketMessageType.Text : WebSocketMessageType.Binary)
  checkMessageType(type)
  const payload = toPayload(data)
  const bytes = typeof payload === 'string' ? Buffer.from(payload, 'utf8') : Buffer.from(payload)
  return new PreparedMessage(bytes, type === WebSocketMessageType.Text ? Opcode.Text : Opcode.Binary)
}
