/**
 * Calls `callback(argument)` after a duration in milliseconds, which may be a fraction. With `Infinity` there is no timer. A duration above the
 * maximum of a Node.js timer, 24.8 days, is reduced to that maximum; Node.js itself would call back at once.
 */
export function startTimer<Argument>(
  milliseconds: number,
  callback: (argument: Argument) => void,
  argument: Argument,
): NodeJS.Timeout | undefined {
  if (milliseconds === Infinity) return undefined
  return setTimeout(callback, Math.min(milliseconds, MAX_DELAY), argument)
}

const MAX_DELAY = 2 ** 31 - 1
