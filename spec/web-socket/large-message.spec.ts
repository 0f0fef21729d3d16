import { describe, expect, it } from '@jest/globals'
import { runScript } from '../support/run-script.ts'

/** By how many MiB the process may grow. The message has 1024 MiB. */
const FLAT = 64

describe('a message of a gibibyte, received through a buffer of 64 KiB', () => {
  it.each([
    ['in one frame', 'frame'],
    ['in fragments', 'fragments'],
    ['that is not read for a while', 'stopped'],
  ])(
    'is received complete in constant memory, %s',
    async (_, kind) => {
      const { stdout, stderr } = await runScript('spec/web-socket/scripts/large-message.ts', [], [kind])

      expect(stderr).toBe('')
      const { length, wrongParts, bytesAhead, grownMebibytes } = JSON.parse(stdout) as Record<string, number>
      expect([length, wrongParts]).toEqual([2 ** 30, 0])
      expect(bytesAhead).toBeLessThan(1_000_000)
      expect(grownMebibytes).toBeLessThan(FLAT)
    },
    120_000,
  )
})
