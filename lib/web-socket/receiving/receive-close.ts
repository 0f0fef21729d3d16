import { FramePosition } from '../frames/frame-reader.ts'
import type { FrameReader } from '../frames/frame-reader.ts'
import { PASSED, ReceiveOperation } from './receive-operation.ts'
import type { ReceiveStep } from './receive-operation.ts'

/** The waiting part of `closeAsync()`: discards data until the peer's Close frame, in turn with other receive operations. */
export class ReceiveClose extends ReceiveOperation<void> {
  readonly #onMessageDiscarded: (() => void) | undefined

  constructor(onMessageDiscarded?: () => void) {
    super()
    this.#onMessageDiscarded = onMessageDiscarded
  }

  override get endsWithDeliveredClose(): boolean {
    return true
  }

  advance(reader: FrameReader): ReceiveStep {
    const position = reader.next(true)
    if (position !== FramePosition.Data) return position
    reader.discard()
    if (reader.failure !== undefined) return FramePosition.Failed
    if (reader.remaining > 0) return FramePosition.NeedsMore
    if (reader.isFinal) this.#onMessageDiscarded?.()
    reader.skipFrame()
    return PASSED
  }

  resolveClose(): void {
    this.resolve()
  }
}
