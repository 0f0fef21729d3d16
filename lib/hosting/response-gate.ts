import { setImmediate } from 'node:timers/promises'
import type { ServerResponse } from 'node:http'

/**
 * A layer below all hooks of `end()` and `write()` of a response, such as those of sessions and loggers. An ordinary response passes through it. When
 * a WebSocket is accepted, the hooks run before anything is sent, as before the end of any response. The response itself ends with the WebSocket.
 */
export class ResponseGate {
  readonly #response: GatedResponse
  readonly #end: ResponseMethod
  readonly #write: ResponseMethod
  #isClosed = false
  #onEndReached: (() => void) | undefined
  #onAnswer: (() => void) | undefined

  private constructor(response: GatedResponse) {
    this.#response = response
    this.#end = response.end
    this.#write = response.write
    response[GATE] = this
    response.end = endAtGate
    response.write = writeAtGate
  }

  /** Installs the gate unless there is one. All later hooks of the response are above it. */
  static of(response: ServerResponse): ResponseGate {
    const gated = response as unknown as GatedResponse
    return gated[GATE] ?? new ResponseGate(gated)
  }

  /** Whether anything hooks the end of the response. */
  get isHooked(): boolean {
    return this.#response.end !== endAtGate
  }

  /**
   * Calls `end()` of the response with its hooks, and stops the call at the gate. From then on, a call of `end()` or `write()` is an answer of the
   * application. It skips the hooks, which would take it for a second end, and is sent.
   * @param onAnswer - called before such an answer is sent.
   * @returns whether the application answered before the hooks had let the end pass and one more turn of the event loop was over. A failing session
   * store reports its error that late.
   */
  async runHooks(onAnswer: () => void): Promise<boolean> {
    const response = this.#response
    let isAnswered = false
    const settled = new Promise<void>((resolve) => {
      this.#onEndReached = resolve
      this.#onAnswer = () => {
        isAnswered = true
        onAnswer()
        resolve()
      }
    })
    this.#isClosed = true
    try {
      response.end()
    } finally {
      response.end = answer
      response.write = answerInPart
    }
    await settled
    if (!isAnswered) await setImmediate()
    return isAnswered
  }

  /** Called when the accept has succeeded or failed. From now on, an answer is an ordinary one and is not reported. */
  stopReporting(): void {
    this.#onAnswer = undefined
  }

  /** Really ends the response. */
  end(...values: unknown[]): unknown {
    this.#reportAnswer()
    return this.#end.apply(this.#response, values)
  }

  /** Really writes to the response. */
  write(...values: unknown[]): unknown {
    this.#reportAnswer()
    return this.#write.apply(this.#response, values)
  }

  /** @internal Called below the hooks. */
  onEnd(values: readonly unknown[]): unknown {
    if (!this.#isClosed) return this.end(...values)
    callBack(values)
    this.#onEndReached?.()
    return this.#response
  }

  /** @internal Called below the hooks. */
  onWrite(values: readonly unknown[]): unknown {
    if (!this.#isClosed) return this.write(...values)
    callBack(values)
    return true
  }

  #reportAnswer(): void {
    const onAnswer = this.#onAnswer
    this.stopReporting()
    onAnswer?.()
  }
}

/** Calls the callback that is the last argument of a stream method, if there is one. */
export function callBack(values: readonly unknown[]): void {
  const callback = values.at(-1)
  if (typeof callback === 'function') process.nextTick(callback)
}

type ResponseMethod = (...values: unknown[]) => unknown

interface GatedResponse {
  [GATE]?: ResponseGate
  end: ResponseMethod
  write: ResponseMethod
}

const GATE = Symbol('ResponseGate')

// All responses share these functions.

function endAtGate(this: GatedResponse, ...values: unknown[]): unknown {
  return this[GATE]?.onEnd(values)
}

function writeAtGate(this: GatedResponse, ...values: unknown[]): unknown {
  return this[GATE]?.onWrite(values)
}

function answer(this: GatedResponse, ...values: unknown[]): unknown {
  return this[GATE]?.end(...values)
}

function answerInPart(this: GatedResponse, ...values: unknown[]): unknown {
  return this[GATE]?.write(...values)
}
