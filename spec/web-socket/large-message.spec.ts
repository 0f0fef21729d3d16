import { describe, expect, it } from '@jest/globals'
import { runScript } from '../support/run-script.ts'

/** By how much the process may grow. Mebibytes; the message has 1024. */
const FLAT = 64

describe('a message of a gibibyte, received through a buffer of 64 KiB', () => {
  it.each([
    ['in one frame', 'frame'],
    ['in fragments', 'fragments'],
    ['that nobody reads for a while', 'stopped'],
  ])(
    'arrives whole at flat memory, %s',
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
