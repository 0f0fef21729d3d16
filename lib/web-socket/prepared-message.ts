import { checkMessageType, toPayload } from './arguments.ts'
import type { WebSocketData } from './arguments.ts'
import { frameOf } from './frame-writer.ts'
import { Opcode } from './opcode.ts'
import type { OutgoingFrame } from './send-queue.ts'
import { WebSocketMessageType } from './web-socket-message-type.ts'

/** A message framed once, for any number of sockets. Made by {@link prepareMessage}. */
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

  /** @internal */
  constructor(payload: Uint8Array, opcode: number) {
    this.payload = payload
    this.opcode = opcode
    this.frame = frameOf(0x80 | opcode, payload)
  }
}

/**
 * Frames a message once, to be sent to many sockets with `sendAsync`. The data is copied.
 * @param messageType Default: text for a string, binary for bytes.
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
