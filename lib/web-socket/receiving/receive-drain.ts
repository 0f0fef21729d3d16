import { FramePosition } from '../frames/frame-reader.ts'
import type { FrameReader } from '../frames/frame-reader.ts'

/** The receive queue as a drain sees it. */
export interface DrainedQueue {
  /** Whether the application has ever received. */
  readonly hasReceived: boolean
  /** Whether an operation that starts now is the next to read. */
  isFree(): boolean
  /** Takes the peer's Close frame instead of the application. The reader must be at this frame. */
  takeClose(): void
  /** Reports that the peer broke the rules. */
  reportFailure(): void
  /** Discards unreceived data, and takes the peer's Close frame if it has arrived. */
  passUnreceived(): void
}

/**
 * Runs after a drain has sent our Close frame. The application can still receive the messages in front of the peer's Close frame. It may be busy with
 * an earlier message, or may not receive at all. If it does not receive the Close frame in time, the drain takes the frame.
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
  onReceive(): void {
    this.#startTimer()
  }

  /** No operation waits. An application that has received before gets time to receive again; any other one gets time only if data has arrived. */
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
    this.#timer ??= setTimeout(onTimeout, RECEIVE_TIMEOUT, this).unref()
  }
}

/** How long a drain waits until the application receives the Close frame, or receives for the first time, in milliseconds. */
const RECEIVE_TIMEOUT = 1000

function onTimeout(drain: ReceiveDrain): void {
  drain.onTimeout()
}
