import { constants } from 'node:buffer'
import { FramePosition, messageTooBig } from './frame-reader.ts'
import type { FrameReader } from './frame-reader.ts'
import { growBuffer } from './grow-buffer.ts'
import { RECEIVED, ReceiveOperation } from './receive-operation.ts'
import type { ReceiveStep } from './receive-operation.ts'
import { WebSocketMessageType } from './web-socket-message-type.ts'

/** A whole message: a string if its type is text, a Buffer if it is binary. */
export type WebSocketMessage = string | Buffer

/**
 * Takes the next message if it is there as a whole, in one frame, as most are: no operation has to be made for it then.
 * `undefined`: it is not, or there is something else to be dealt with first.
 */
export function takeMessage(reader: FrameReader, maxMessageSize: number): WebSocketMessage | undefined {
  if (reader.next() !== FramePosition.Data || !reader.isMessageArrived) return undefined
  const length = reader.remaining
  const isText = reader.messageType === WebSocketMessageType.Text
  if (length > maxMessageSize || (isText && length > scratch.length)) return undefined
  const target = isText ? scratch : Buffer.allocUnsafe(length)
  reader.read(target, 0, length)
  const isAscii = reader.isMessageAscii
  reader.completeFrame()
  if (reader.failure !== undefined) return undefined
  return isText ? target.toString(isAscii ? 'latin1' : 'utf8', 0, length) : target
}

/** A step of `for await`: collects one whole message, bounded by `maxMessageSize`. */
export class ReceiveMessage extends ReceiveOperation<IteratorResult<WebSocketMessage, undefined>> {
  readonly #maxMessageSize: number
  /** What was collected; longer than `#filled` where more is to come. */
  #collected: Buffer | undefined
  #filled = 0

  constructor(maxMessageSize: number) {
    super()
    this.#maxMessageSize = Math.min(maxMessageSize, constants.MAX_STRING_LENGTH)
  }

  override get isContentWithClosed(): boolean {
    return true
  }

  advance(reader: FrameReader): ReceiveStep {
    const whole = this.#collected === undefined ? takeMessage(reader, this.#maxMessageSize) : undefined
    if (whole !== undefined) return this.#finish(whole)
    for (;;) {
      const position = reader.next()
      if (position !== FramePosition.Data) return position
      if (this.#filled + reader.remaining > this.#maxMessageSize) {
        reader.fail(messageTooBig(this.#maxMessageSize))
        return FramePosition.Failed
      }
      const target = growBuffer(this.#collected, this.#filled, this.#filled + reader.remaining, reader.isFinal)
      this.#collected = target
      this.#filled += reader.read(target, this.#filled, target.length - this.#filled)
      if (reader.failure !== undefined) return FramePosition.Failed
      if (reader.remaining > 0) {
        if (this.#filled < target.length) return FramePosition.NeedsMore
        continue
      }
      const { isMessageAscii, messageType } = reader
      const isMessageComplete = reader.completeFrame()
      if (reader.failure !== undefined) return FramePosition.Failed
      if (isMessageComplete) return this.#finish(toMessage(target.subarray(0, this.#filled), messageType, isMessageAscii))
    }
  }

  resolveClose(): void {
    this.resolve({ done: true, value: undefined })
  }

  #finish(value: WebSocketMessage): typeof RECEIVED {
    this.resolve({ done: false, value })
    return RECEIVED
  }
}

function toMessage(bytes: Buffer, messageType: WebSocketMessageType, isAscii: boolean): WebSocketMessage {
  if (messageType === WebSocketMessageType.Binary) return bytes
  return bytes.toString(isAscii ? 'latin1' : 'utf8')
}

/** Where a text message is unmasked on its way into a string, if it is there as a whole. */
const scratch = Buffer.allocUnsafeSlow(65_536)
