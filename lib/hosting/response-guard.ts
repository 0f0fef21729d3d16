import type { ServerResponse } from 'node:http'

/**
 * Keeps the rest of the pipeline from writing HTTP into an accepted WebSocket: `write()` and `end()` of the response do nothing any more.
 * @param onEnd - called when somebody ends the response, as error handlers do: the pipeline is through, or has failed.
 * @returns makes the response an ordinary one again, to be ended in earnest.
 */
export function guardResponse(response: ServerResponse, onEnd: () => void): () => void {
  // Put back, not called from here. Assigned, not defined and deleted, which would cost more than the rest of a handshake's bookkeeping.
  const { end, write } = response as { readonly end: unknown; readonly write: unknown }
  Object.assign(response, {
    write: (...callbacks: unknown[]) => {
      callBack(callbacks)
      return true
    },
    end: (...callbacks: unknown[]) => {
      callBack(callbacks)
      onEnd()
      return response
    },
  })
  return function release() {
    Object.assign(response, { end, write })
  }
}

function callBack(callbacks: readonly unknown[]): void {
  const callback = callbacks.at(-1)
  if (typeof callback === 'function') process.nextTick(callback)
}
