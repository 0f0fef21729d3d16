/**
 * A rejected promise that does not end the process when nobody looks at it: whoever sends without awaiting must not be brought
 * down by a peer that vanished. Awaiting it rejects as usual.
 */
export function handledRejection(reason: unknown): Promise<never> {
  return markHandled(Promise.reject(reason))
}

/** Lets `promise` reject without an `unhandledRejection`, and returns it. */
export function markHandled<Promised extends Promise<unknown>>(promise: Promised): Promised {
  promise.catch(ignore)
  return promise
}

function ignore(): void {}
