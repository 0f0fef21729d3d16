import { FramePosition } from '../frames/frame-reader.ts'
import type { FrameReader } from '../frames/frame-reader.ts'

/** What a drain asks of its queue. */
export interface DrainedQueue {
  /** Whether the application has ever received. */
  readonly hasReceived: boolean
  /** Whether an operation that starts now is the next to read. */
  isFree(): boolean
  /** Takes the peer's Close frame, at which the reader is, for the connection. */
  takeClose(): void
  /** Reports that the peer broke the rules. */
  reportFailure(): void
  /** Passes over what has arrived, and takes the peer's Close frame if it is there. */
  passUnreceived(): void
}

/**
 * After our Close frame was sent on behalf of an application: what comes before the peer's Close frame is the application's, which may be at work
 * on an earlier message, or may not receive at all. The Close frame itself is taken for it if it does not come for it in time.
 */
export class ReceiveDrain {
  readonly #reader: FrameReader
  readonly #queue: DrainedQueue
  #timer: NodeJS.Timeout | undefined

  constructor(reader: FrameReader, queue: DrainedQueue) {
    this.#reader = reader
    this.#queue = queue
  }

  /** The application receives. */
  onReceiver(): void {
    this.#startTimer()
  }

  /** No operation waits. An application that has received so far is given time to come again; one that never has, only for data. */
  run(): void {
    this.#advance(false)
  }

  onTimeout(): void {
    this.#timer = undefined
    if (this.#queue.isFree()) this.#advance(true)
  }

  stop(): void {
    clearTimeout(this.#timer)
  }

  #advance(isTimeOver: boolean): void {
    const position = this.#reader.next(true)
    if (position === FramePosition.Failed) return this.#queue.reportFailure()
    const { hasReceived } = this.#queue
    if (position === FramePosition.Close && (isTimeOver || !hasReceived)) return this.#queue.takeClose()
    if (position === FramePosition.Data && isTimeOver && !hasReceived) return this.#queue.passUnreceived()
    if (position !== FramePosition.NeedsMore && !isTimeOver) this.#startTimer()
  }

  #startTimer(): void {
    this.#timer ??= setTimeout(onTimeout, PATIENCE, this).unref()
  }
}

/** How long, in milliseconds, a drain waits for an application to come for the Close frame, or to receive for the first time. */
const PATIENCE = 1000

function onTimeout(drain: ReceiveDrain): void {
  drain.onTimeout()
}
