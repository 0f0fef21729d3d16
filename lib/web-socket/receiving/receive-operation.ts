import type { CloseFrame } from '../frames/close-frame.ts'
import type { FramePosition, FrameReader } from '../frames/frame-reader.ts'
import { handledRejection, markHandled } from '../../errors/handled-rejection.ts'
import type { Queueable } from '../memory/queue.ts'

/** What an operation needs next: one of the reader's positions, or nothing because it has its result. */
export type ReceiveStep = FramePosition | typeof RECEIVED | typeof PASSED
/** The operation has its result. */
export const RECEIVED = 5
/** The operation has passed over a frame, and lets those behind it read the next one. */
export const PASSED = 6

/** An operation, whatever it results in. */
export interface WaitingOperation extends Queueable<WaitingOperation> {
  /** Whether the operation can also end when the Close frame went to another operation before. */
  readonly isContentWithClosed: boolean
  /** Whether it is a step of a loop, which ends with the Close frame. */
  readonly isLoop: boolean
  /** Reads what is there. Returns {@link RECEIVED} after having called `resolve`. */
  advance(reader: FrameReader): ReceiveStep
  /** Settles with the peer's Close frame. */
  resolveClose(closeFrame: CloseFrame): void
  reject(error: unknown): void
  /** The connection was lost: settles with what that means to the operation. */
  lose(error: unknown): void
}

/**
 * One call that reads from the socket. It advances as bytes arrive, and settles once. Its promise is made when it is asked for:
 * if the result is there by then, the promise is settled from the start.
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

  get isContentWithClosed(): boolean {
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
