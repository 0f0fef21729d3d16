/**
 * A rejected promise that does not end the process if it is not awaited: if a peer vanishes, a process that sends without awaiting must go on.
 * Awaiting the promise throws as usual.
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
