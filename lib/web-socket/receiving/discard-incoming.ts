import { FramePosition } from '../frames/frame-reader.ts'
import type { FrameReader } from '../frames/frame-reader.ts'
import { ReceiveClose } from './receive-close.ts'
import { PASSED } from './receive-operation.ts'
import type { ReceiveStep } from './receive-operation.ts'

/** Discards data in front of all other receive operations, and leaves the peer's Close frame to them. */
export class DiscardIncoming extends ReceiveClose {
  #isBehind = false

  override advance(reader: FrameReader): ReceiveStep {
    for (;;) {
      const step = super.advance(reader)
      if (step === PASSED) continue
      if (step !== FramePosition.Close || this.#isBehind) return step
      // The queue moves it behind the others. Without others, it takes the Close frame itself.
      this.#isBehind = true
      return PASSED
    }
  }
}
