import { WebSocketException } from '../errors/web-socket-exception.ts'
import { startTimer } from '../options/start-timer.ts'

/** The messages on their way to an engine. It limits their bytes, and converts errors of the engine into errors of this package. */
export class PendingMessages {
  readonly #engine: string
  readonly #maxBytes: number
  #bytes = 0
  #count = 0
  #onIdle: (() => void) | undefined

  /** @param engine - the name of the engine, for error messages. */
  constructor(engine: string, maxBytes: number) {
    this.#engine = engine
    this.#maxBytes = maxBytes
  }

  /** @throws {@link WebSocketException} rejects with `ERR_WEBSOCKET_BACKPLANE_UNAVAILABLE` on failure or over the limit. One message may exceed it. */
  async add(length: number, publish: () => Promise<unknown>): Promise<void> {
    if (this.#count > 0 && this.#bytes + length > this.#maxBytes) {
      throw unavailable(`${this.#engine} accepts messages too slowly: more than maxPendingBytes (${this.#maxBytes}) are pending`)
    }
    this.#bytes += length
    this.#count++
    try {
      await publish()
    } catch (error) {
      throw unavailable(`${this.#engine} did not accept the message: ${error instanceof Error ? error.message : String(error)}`, error)
    } finally {
      this.#bytes -= length
      this.#count--
      if (this.#count === 0) this.#onIdle?.()
    }
  }

  /** Resolves when no message is on its way, or the engine has not answered for a long time. */
  async whenIdle(): Promise<void> {
    if (this.#count === 0) return
    await new Promise<void>((resolve) => {
      const timer = startTimer(MAX_IDLE_WAIT, resolve, undefined)
      this.#onIdle = () => {
        clearTimeout(timer)
        resolve()
      }
    })
  }
}

/** The error of a message that cannot be passed to an engine. */
export function unavailable(message: string, cause?: unknown): WebSocketException {
  return new WebSocketException('ERR_WEBSOCKET_BACKPLANE_UNAVAILABLE', message, cause === undefined ? {} : { cause })
}

/** The longest wait for the engine when a backplane closes, in milliseconds. */
const MAX_IDLE_WAIT = 5000
