import { afterEach, describe, expect, it } from '@jest/globals'
import { startTimer } from '../../lib/options/start-timer.ts'

const timers: (NodeJS.Timeout | undefined)[] = []

afterEach(() => {
  for (const timer of timers.splice(0)) clearTimeout(timer)
})

describe('startTimer', () => {
  it.each([0, 0.5, 20.5])('calls back with its argument after %d ms', async (milliseconds) => {
    const begin = performance.now()
    expect(await new Promise((resolve) => timers.push(startTimer(milliseconds, resolve, 'argument')))).toBe('argument')
    // Node counts whole milliseconds from the start of the current one, so a timer may fire early by that much.
    expect(performance.now() - begin).toBeGreaterThan(milliseconds - 2)
  })

  it.each([2 ** 31 - 0.5, 2 ** 31, 2 ** 31 + 10, 5e9, Number.MAX_VALUE])('does not call back at once for %d ms', async (milliseconds) => {
    const first = new Promise((resolve) => {
      timers.push(startTimer(milliseconds, resolve, 'long'), startTimer(20, resolve, 'short'))
    })
    expect(await first).toBe('short')
  })

  it('starts no timer for Infinity', () => {
    expect(startTimer(Infinity, () => undefined, undefined)).toBeUndefined()
  })
})
