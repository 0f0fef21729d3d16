/**
 * Calls `callback(argument)` after a duration in milliseconds, which may be a fraction. Infinity is for ever: then there is no timer. A duration
 * that is longer than a timer of Node.js can be, 24.8 days, is cut to that; Node.js itself would call back at once.
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
