import { constants } from 'node:buffer'
import { messageTooBig } from '../frames/frame-failure.ts'
import { FramePosition } from '../frames/frame-reader.ts'
import type { FrameReader } from '../frames/frame-reader.ts'
import { growBuffer } from '../memory/grow-buffer.ts'
import { RECEIVED, ReceiveOperation } from './receive-operation.ts'
import type { ReceiveStep } from './receive-operation.ts'
import { takeInflatedMessage } from './take-inflated-message.ts'
import { takeMessage } from './take-message.ts'
import { toMessage } from './web-socket-message.ts'
import type { WebSocketMessage } from './web-socket-message.ts'
import { WebSocketMessageType } from '../values/web-socket-message-type.ts'

/** A step of `for await`: collects one whole message, bounded by `maxMessageSize`. */
export class ReceiveMessage extends ReceiveOperation<IteratorResult<WebSocketMessage, undefined>> {
  readonly #maxMessageSize: number
  /** The collected bytes; longer than `#filled` if more bytes are expected. */
  #collected: Buffer | undefined
  #filled = 0

  constructor(maxMessageSize: number) {
    super()
    this.#maxMessageSize = maxMessageSize
  }

  override get endsWithDeliveredClose(): boolean {
    return true
  }

  override get isLoop(): boolean {
    return true
  }

  advance(reader: FrameReader): ReceiveStep {
    const whole = this.#collected === undefined ? takeMessage(reader, this.#maxMessageSize) : undefined
    if (whole !== undefined) return this.#finish(whole)
    for (;;) {
      const position = reader.next()
      if (position !== FramePosition.Data) return position
      const longest = reader.messageType === WebSocketMessageType.Text ? constants.MAX_STRING_LENGTH : constants.MAX_LENGTH
      const limit = Math.min(this.#maxMessageSize, longest)
      if (this.#filled + reader.remaining > limit) {
        reader.fail(messageTooBig(limit, this.#maxMessageSize))
        return FramePosition.Failed
      }
      const inflated = this.#filled === 0 ? takeInflatedMessage(reader) : undefined
      if (inflated !== undefined) return this.#finish(inflated)
      const needed = this.#filled + reader.remaining
      const target = growBuffer(this.#collected, this.#filled, reader.bytes.length, needed, reader.isFinal)
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
      if (isMessageComplete) return this.#finish(toMessage(target, this.#filled, messageType, isMessageAscii))
    }
  }

  resolveClose(): void {
    this.resolve(DONE)
  }

  /** Ends the loop without an error, because a vanished peer is not a mistake of the program. `completion` reports it. */
  override lose(): void {
    this.resolve(DONE)
  }

  #finish(value: WebSocketMessage): typeof RECEIVED {
    this.resolve({ done: false, value })
    return RECEIVED
  }
}

const DONE: IteratorResult<WebSocketMessage, undefined> = { done: true, value: undefined }
