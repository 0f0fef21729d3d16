import { constants, deflateRawSync } from 'node:zlib'
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

  /** @internal The whole compressed frame. It does not refer to earlier messages, so it suits every socket with these parameters. */
  compressedFrame(windowBits: number, level: number): Buffer {
    const key = `${windowBits} ${level}`
    const known = this.#compressedFrames.get(key)
    if (known !== undefined) return known
    const compressed = deflateRawSync(this.payload, { windowBits, level, finishFlush: constants.Z_SYNC_FLUSH })
    // RFC 7692, section 7.2.1: the sender removes the end of the flush, 00 00 FF FF.
    const frame = frameOf(0xc0 | this.opcode, compressed.subarray(0, -4))
    this.#compressedFrames.set(key, frame)
    return frame
  }
}

/**
 * Frames a message once, to send it to many sockets with `sendAsync()`. It is also compressed only once, when it is first sent to a socket with
 * compression. The data is copied.
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
