import { FramePosition } from './frame-reader.ts'
import type { FrameReader } from './frame-reader.ts'
import { ReceiveOperation } from './receive-operation.ts'
import type { ReceiveStep } from './receive-operation.ts'

/** The waiting half of `closeAsync`: passes over data until the peer's Close frame. */
export class ReceiveClose extends ReceiveOperation<void> {
  override get isContentWithClosed(): boolean {
    return true
  }

  advance(reader: FrameReader): ReceiveStep {
    for (;;) {
      const position = reader.next(true)
      if (position !== FramePosition.Data) return position
      reader.discard()
      if (reader.remaining > 0) return FramePosition.NeedsMore
      reader.skipFrame()
    }
  }

  resolveClose(): void {
    this.resolve()
  }
}
