import type { ServerResponse } from 'node:http'

/** Who is told that somebody has ended a guarded response. */
export interface ResponseEndListener {
  /** Somebody ends the response, as error handlers do: the pipeline is through, or has failed. */
  onResponseEnd(): void
}

/** Keeps the rest of the pipeline from writing HTTP into an accepted WebSocket: `write()` and `end()` of its response do nothing any more. */
export class ResponseGuard {
  readonly #response: GuardedResponse
  // Put back, not called from here. Assigned, not defined and deleted, which would cost more than the rest of a handshake's bookkeeping.
  readonly #end: unknown
  readonly #write: unknown

  constructor(response: ServerResponse, listener: ResponseEndListener) {
    this.#response = response
    this.#end = this.#response.end
    this.#write = this.#response.write
    this.#response[LISTENER] = listener
    this.#response.write = ignoreWrite
    this.#response.end = reportEnd
  }

  /** Makes the response an ordinary one again, to be ended in earnest. */
  release(): void {
    this.#response.end = this.#end
    this.#response.write = this.#write
  }
}

interface GuardedResponse {
  [LISTENER]?: ResponseEndListener
  end: unknown
  write: unknown
}

const LISTENER = Symbol('ResponseEndListener')

function ignoreWrite(...callbacks: readonly unknown[]): true {
  callBack(callbacks)
  return true
}

function reportEnd(this: GuardedResponse, ...callbacks: readonly unknown[]): GuardedResponse {
  callBack(callbacks)
  this[LISTENER]?.onResponseEnd()
  return this
}

function callBack(callbacks: readonly unknown[]): void {
  const callback = callbacks.at(-1)
  if (typeof callback === 'function') process.nextTick(callback)
}
