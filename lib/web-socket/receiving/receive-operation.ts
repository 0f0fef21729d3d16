import type { CloseFrame } from '../frames/close-frame.ts'
import type { FramePosition, FrameReader } from '../frames/frame-reader.ts'
import { handledRejection, markHandled } from '../../errors/handled-rejection.ts'
import type { Queueable } from '../memory/queue.ts'

/** The next step of an operation: a position of the reader, or its end. */
export type ReceiveStep = FramePosition | typeof RECEIVED | typeof PASSED
/** The operation has its result. */
export const RECEIVED = 5
/** The operation has discarded a frame, and lets the operations behind it read the next one. */
export const PASSED = 6

/** An operation with any type of result. */
export interface WaitingOperation extends Queueable<WaitingOperation> {
  /** Whether the operation can also end if another operation has received the Close frame. */
  readonly endsWithDeliveredClose: boolean
  /** Whether the operation is a step of a loop, which ends with the Close frame. */
  readonly isLoop: boolean
  /** Reads available data. Returns {@link RECEIVED} after a call of `resolve`. */
  advance(reader: FrameReader): ReceiveStep
  /** Settles with the peer's Close frame. */
  resolveClose(closeFrame: CloseFrame): void
  reject(error: unknown): void
  /** The connection was lost: rejects, or ends a loop without an error. */
  lose(error: unknown): void
}

/**
 * One call that reads from the socket. It advances when bytes arrive, and settles once. Its promise is created only when it is needed; if the operation
 * has ended by then, the promise is created settled.
 */
export abstract class ReceiveOperation<Result> implements WaitingOperation {
  next: WaitingOperation | undefined
  previous: WaitingOperation | undefined
  #settlement: Settlement<Result> | undefined
  #promise: Promise<Result> | undefined
  #resolve: ((result: Result) => void) | undefined
  #reject: ((error: unknown) => void) | undefined

  abstract advance(reader: FrameReader): ReceiveStep

  abstract resolveClose(closeFrame: CloseFrame): void

  get endsWithDeliveredClose(): boolean {
    return false
  }

  get isLoop(): boolean {
    return false
  }

  resolve(result: Result): void {
    if (this.#resolve !== undefined) this.#resolve(result)
    else this.#settlement ??= { result }
  }

  reject(error: unknown): void {
    if (this.#promise === undefined) this.#settlement ??= { error }
    else {
      void markHandled(this.#promise)
      this.#reject?.(error)
    }
  }

  lose(error: unknown): void {
    this.reject(error)
  }

  toPromise(): Promise<Result> {
    const settlement = this.#settlement
    if (settlement !== undefined) {
      return 'result' in settlement ? Promise.resolve(settlement.result) : handledRejection(settlement.error)
    }
    this.#promise = new Promise<Result>((resolve, reject) => {
      this.#resolve = resolve
      this.#reject = reject
    })
    return this.#promise
  }
}

type Settlement<Result> = { readonly result: Result } | { readonly error: unknown }
