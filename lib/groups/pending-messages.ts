import { WebSocketException } from '../errors/web-socket-exception.ts'
import { startTimer } from '../options/start-timer.ts'

/** What is on its way to an engine: bounds it, and turns the engine's errors into ours. */
export class PendingMessages {
  readonly #engine: string
  readonly #maxBytes: number
  #bytes = 0
  #count = 0
  #onIdle: (() => void) | undefined

  /** @param engine - its name, for the messages. */
  constructor(engine: string, maxBytes: number) {
    this.#engine = engine
    this.#maxBytes = maxBytes
  }

  /** @throws {@link WebSocketException} rejects with `ERR_WEBSOCKET_BACKPLANE_UNAVAILABLE` if it fails, or too much is on its way. One message may be more. */
  async add(length: number, publish: () => Promise<unknown>): Promise<void> {
    if (this.#count > 0 && this.#bytes + length > this.#maxBytes) {
      throw unavailable(`${this.#engine} takes messages too slowly: more than maxPendingBytes (${this.#maxBytes}) are on their way`)
    }
    this.#bytes += length
    this.#count++
    try {
      await publish()
    } catch (error) {
      throw unavailable(`${this.#engine} has not taken the message: ${error instanceof Error ? error.message : String(error)}`, error)
    } finally {
      this.#bytes -= length
      this.#count--
      if (this.#count === 0) this.#onIdle?.()
    }
  }

  /** Resolves when nothing is on its way any more, or the engine says nothing for long. */
  async whenIdle(): Promise<void> {
    if (this.#count === 0) return
    await new Promise<void>((resolve) => {
      const timer = startTimer(PATIENCE, resolve, undefined)
      this.#onIdle = () => {
        clearTimeout(timer)
        resolve()
      }
    })
  }
}

/** The error of what an engine cannot be told. */
export function unavailable(message: string, cause?: unknown): WebSocketException {
  return new WebSocketException('ERR_WEBSOCKET_BACKPLANE_UNAVAILABLE', message, cause === undefined ? {} : { cause })
}

/** Milliseconds. */
const PATIENCE = 5000
