import type { ServerResponse } from 'node:http'

/**
 * Keeps the rest of the pipeline from writing HTTP into an accepted WebSocket: `write()` and `end()` of the response do nothing any more.
 * @param onEnd - called when somebody ends the response, as error handlers do: the pipeline is through, or has failed.
 * @returns makes the response an ordinary one again, to be ended in earnest.
 */
export function guardResponse(response: ServerResponse, onEnd: () => void): () => void {
  const write = Object.getOwnPropertyDescriptor(response, 'write')
  const end = Object.getOwnPropertyDescriptor(response, 'end')
  replace(response, 'write', (...callbacks: unknown[]) => {
    callBack(callbacks)
    return true
  })
  replace(response, 'end', (...callbacks: unknown[]) => {
    callBack(callbacks)
    onEnd()
    return response
  })
  return function release() {
    restore(response, 'write', write)
    restore(response, 'end', end)
  }
}

function replace(response: ServerResponse, name: 'write' | 'end', value: unknown): void {
  Object.defineProperty(response, name, { configurable: true, enumerable: false, writable: true, value })
}

/** Wrappers (sessions, compression) are own properties; Node's methods come from the prototype. */
function restore(response: ServerResponse, name: 'write' | 'end', descriptor: PropertyDescriptor | undefined): void {
  if (descriptor !== undefined) Object.defineProperty(response, name, descriptor)
  else Reflect.deleteProperty(response, name)
}

function callBack(callbacks: readonly unknown[]): void {
  const callback = callbacks.at(-1)
  if (typeof callback === 'function') process.nextTick(callback)
}
