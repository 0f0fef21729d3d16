import { constants } from 'node:buffer'
import { FramePosition, messageTooBig } from './frame-reader.ts'
import type { FrameReader } from './frame-reader.ts'
import { growBuffer } from './grow-buffer.ts'
import { RECEIVED, ReceiveOperation } from './receive-operation.ts'
import type { ReceiveStep } from './receive-operation.ts'
import { WebSocketMessageType } from './web-socket-message-type.ts'

/** A whole message: a string if its type is text, a Buffer if it is binary. */
export type WebSocketMessage = string | Buffer

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
    for (;;) {
      const position = reader.next()
      if (position !== FramePosition.Data) return position
      if (this.#filled + reader.remaining > this.#maxMessageSize) {
        reader.fail(messageTooBig(this.#maxMessageSize))
        return FramePosition.Failed
      }
      const target = this.#reserve(reader)
      this.#filled += reader.read(target, this.#filled, target.length - this.#filled)
      if (reader.failure !== undefined) return FramePosition.Failed
      if (reader.remaining > 0) {
        if (this.#filled < target.length) return FramePosition.NeedsMore
        continue
      }
      const { messageType } = reader
      const isAllAscii = reader.isMessageAscii
      const isMessageComplete = reader.completeFrame()
      if (reader.failure !== undefined) return FramePosition.Failed
      if (isMessageComplete) return this.#finish(target, messageType, isAllAscii)
    }
  }

  resolveClose(): void {
    this.resolve({ done: true, value: undefined })
  }

  /** A buffer with room for more of the message. */
  #reserve(reader: FrameReader): Buffer {
    const { isFinal, remaining } = reader
    const current = this.#collected
    if (current === undefined && isFinal && remaining <= scratch.length && reader.isTextArrived) return scratch
    this.#collected = growBuffer(current, this.#filled, this.#filled + remaining, isFinal)
    return this.#collected
  }

  #finish(collected: Buffer, messageType: WebSocketMessageType, isAscii: boolean): typeof RECEIVED {
    let value: WebSocketMessage
    if (messageType === WebSocketMessageType.Binary) value = collected.subarray(0, this.#filled)
    else value = collected.toString(isAscii ? 'latin1' : 'utf8', 0, this.#filled)
    this.resolve({ done: false, value })
    return RECEIVED
  }
}

/** Where a text message is unmasked on its way into a string, if it is there as a whole. */
const scratch = Buffer.allocUnsafeSlow(65_536)
