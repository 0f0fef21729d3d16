/**
 * Rejects if the promise has not settled in time. Only time in which this process could run counts, so that a busy machine does not fail the server.
 */
export async function inTime<T>(promise: Promise<T>, what: string, patience = PATIENCE): Promise<T> {
  let timer: NodeJS.Timeout | undefined
  const late = new Promise<never>((_resolve, reject) => {
    let left = patience
    let last = performance.now()
    timer = setInterval(() => {
      const now = performance.now()
      left -= Math.min(now - last, 2 * STEP)
      last = now
      if (left < 0) reject(new Error(`Waited in vain for ${what}`))
    }, STEP)
  })
  return Promise.race([promise, late]).finally(() => clearInterval(timer))
}

/** In milliseconds. */
const PATIENCE = 30_000
const STEP = 100
