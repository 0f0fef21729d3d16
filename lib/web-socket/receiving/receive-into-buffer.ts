import type { CloseFrame } from '../frames/close-frame.ts'
import { FramePosition } from '../frames/frame-reader.ts'
import type { FrameReader } from '../frames/frame-reader.ts'
import { RECEIVED, ReceiveOperation } from './receive-operation.ts'
import type { ReceiveStep } from './receive-operation.ts'
import { WebSocketMessageType } from '../values/web-socket-message-type.ts'

/** The result of `receiveAsync()` (.NET's `WebSocketReceiveResult`). */
export interface WebSocketReceiveResult {
  /** The number of bytes written into the buffer. 0 does not mean the end of the message: check `endOfMessage`. */
  readonly count: number
  /** The type of the message, or `Close` for the peer's Close frame. */
  readonly messageType: WebSocketMessageType
  /** Whether these bytes complete the message. */
  readonly endOfMessage: boolean
  /** The code of the Close frame after it was received; else `null`. */
  readonly closeStatus: number | null
  /** The reason in the Close frame after it was received; else `null`. */
  readonly closeStatusDescription: string | null
}

/** Implements `receiveAsync()`: fills a buffer with the payload of one frame, and ends when the buffer is full or the frame has ended. */
export class ReceiveIntoBuffer extends ReceiveOperation<WebSocketReceiveResult> {
  readonly #buffer: Uint8Array
  #filled = 0

  constructor(buffer: Uint8Array) {
    super()
    this.#buffer = buffer
  }

  advance(reader: FrameReader): ReceiveStep {
    const position = reader.next()
    if (position !== FramePosition.Data) return position
    const { messageType } = reader
    if (this.#buffer.length === 0 && reader.remaining > 0) return this.#finish(messageType, false)
    this.#filled += reader.read(this.#buffer, this.#filled, this.#buffer.length - this.#filled)
    if (reader.failure !== undefined) return FramePosition.Failed
    if (reader.remaining === 0) {
      const endOfMessage = reader.completeFrame()
      return reader.failure === undefined ? this.#finish(messageType, endOfMessage) : FramePosition.Failed
    }
    return this.#filled === this.#buffer.length ? this.#finish(messageType, false) : FramePosition.NeedsMore
  }

  resolveClose({ status, description }: CloseFrame): void {
    const { Close } = WebSocketMessageType
    this.resolve({ count: 0, messageType: Close, endOfMessage: true, closeStatus: status, closeStatusDescription: description })
  }

  #finish(messageType: WebSocketMessageType, endOfMessage: boolean): typeof RECEIVED {
    this.resolve({ count: this.#filled, messageType, endOfMessage, closeStatus: null, closeStatusDescription: null })
    return RECEIVED
  }
}
