import { describe, expect, it } from '@jest/globals'
import { runScript } from '../support/run-script.ts'

describe('long messages that nobody holds', () => {
  it('are collected by minor collections of garbage', async () => {
    const { stdout, stderr } = await runScript('spec/web-socket/scripts/long-message-garbage.ts')

    expect(stderr).toBe('')
    const { count, minor, major } = JSON.parse(stdout) as Record<string, number>
    expect(count).toBe(40_000)
    // Without ballast: 38 and 1 on Node 20, none and 22 on Node 24.
    expect(minor).toBeGreaterThan(60)
    expect(major).toBeLessThan(10)
  }, 60_000)
})
