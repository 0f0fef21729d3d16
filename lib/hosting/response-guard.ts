import type { ServerResponse } from 'node:http'

/**
 * Keeps the rest of the pipeline from writing HTTP into an accepted WebSocket: `write()` and `end()` of the response do nothing any more.
 * @param onEnd - called when somebody ends the response, as error handlers do: the pipeline is through, or has failed.
 * @returns makes the response an ordinary one again, to be ended in earnest.
 */
export function guardResponse(response: ServerResponse, onEnd: () => void): () => void {
  const guarded: GuardedResponse = response
  // Put back, not called from here. Assigned, not defined and deleted, which would cost more than the rest of a handshake's bookkeeping.
  const { end, write } = guarded
  guarded[ON_END] = onEnd
  guarded.write = ignoreWrite
  guarded.end = reportEnd
  return function release() {
    guarded.end = end
    guarded.write = write
  }
}

interface GuardedResponse {
  [ON_END]?: () => void
  end: unknown
  write: unknown
}

const ON_END = Symbol('onEnd')

function ignoreWrite(...callbacks: readonly unknown[]): true {
  callBack(callbacks)
  return true
}

function reportEnd(this: GuardedResponse, ...callbacks: readonly unknown[]): GuardedResponse {
  callBack(callbacks)
  this[ON_END]?.()
  return this
}

function callBack(callbacks: readonly unknown[]): void {
  const callback = callbacks.at(-1)
  if (typeof callback === 'function') process.nextTick(callback)
}
