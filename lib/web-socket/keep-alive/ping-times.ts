import { handledRejection, markHandled } from '../../errors/handled-rejection.ts'
import { signalAbortError } from '../../errors/abort-error.ts'
import type { KeepAlive } from './keep-alive.ts'

/** Measures the time from a ping of the application to its pong. */
export class PingTimes {
  readonly #keepAlive: KeepAlive
  #waiting: WaitingPing[] | undefined

  constructor(keepAlive: KeepAlive) {
    this.#keepAlive = keepAlive
  }

  /** Sends a ping; resolves with the milliseconds until its pong. */
  ping(signal: AbortSignal | undefined): Promise<number> {
    if (signal?.aborted === true) return handledRejection(signalAbortError(signal))
    return markHandled(
      new Promise<number>((resolve, reject) => {
        const onAbort = (): void => {
          if (signal === undefined) return
          this.#waiting = this.#waiting?.filter((other) => other !== ping)
          reject(signalAbortError(signal))
        }
        signal?.addEventListener('abort', onAbort, { once: true })
        const release = (): void => signal?.removeEventListener('abort', onAbort)
        const sentAt = performance.now()
        const ping: WaitingPing = { counter: this.#keepAlive.ping(), sentAt, resolve, reject, release }
        this.#waiting ??= []
        this.#waiting.push(ping)
      }),
    )
  }

  /** A pong also answers the pings before its own ping (RFC 6455, section 5.5.3). */
  onPong(counter: number): void {
    if (this.#waiting?.some((ping) => ping.counter === counter) !== true) return
    const now = performance.now()
    const waiting = this.#waiting
    this.#waiting = waiting.filter((ping) => ping.counter > counter)
    for (const ping of waiting) {
      if (ping.counter > counter) continue
      ping.release()
      ping.resolve(now - ping.sentAt)
    }
  }

  /** Rejects all waiting pings. `toError` is called only if there are any. */
  rejectAll(toError: () => Error): void {
    const waiting = this.#waiting ?? []
    if (waiting.length === 0) return
    this.#waiting = undefined
    const error = toError()
    for (const ping of waiting) {
      ping.release()
      ping.reject(error)
    }
  }
}

interface WaitingPing {
  readonly counter: number
  readonly sentAt: number
  readonly resolve: (roundTripTime: number) => void
  readonly reject: (error: unknown) => void
  readonly release: () => void
}
