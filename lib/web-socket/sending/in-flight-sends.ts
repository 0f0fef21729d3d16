import { signalAbortError } from '../../errors/abort-error.ts'
import { markHandled } from '../../errors/handled-rejection.ts'

/** Settles the promise of a send: without an error, its bytes have left. */
export type Settle = (error: Error | undefined) => void

/** The sends whose bytes have not left yet. They are few, because others wait in the queue. */
export class InFlightSends {
  /** Not a Set, because its old tables keep later entries alive. */
  #settles: Settle[] = []
  /** Resolves {@link whenEmpty}. */
  #onEmpty: (() => void) | undefined

  /**
   * Returns a promise that `start` settles later.
   * @param onCancelled - called if the signal is aborted before. It must settle the promise.
   */
  add(signal: AbortSignal | undefined, start: (settle: Settle) => void, onCancelled: (error: Error) => void): Promise<void> {
    return markHandled(
      new Promise<void>((resolve, reject) => {
        const settle: Settle = (error) => {
          signal?.removeEventListener('abort', onAbort)
          this.#delete(settle)
          if (error === undefined) resolve()
          else reject(error)
        }
        const onAbort = (): void => {
          if (signal !== undefined) onCancelled(signalAbortError(signal))
        }
        signal?.addEventListener('abort', onAbort, { once: true })
        this.#settles.push(settle)
        start(settle)
      }),
    )
  }

  /** Resolves when there are none; `undefined` if there are none now. */
  whenEmpty(): Promise<void> | undefined {
    if (this.#settles.length === 0) return undefined
    return new Promise((resolve) => {
      this.#onEmpty = resolve
    })
  }

  rejectAll(error: Error): void {
    const settles = this.#settles
    // Each of them removes itself from the list.
    this.#settles = []
    for (const settle of settles) settle(error)
  }

  #delete(settle: Settle): void {
    const index = this.#settles.indexOf(settle)
    if (index >= 0) this.#settles.splice(index, 1)
    if (this.#settles.length === 0) this.#onEmpty?.()
  }
}
