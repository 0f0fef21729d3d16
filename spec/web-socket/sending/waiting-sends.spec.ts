import { describe, expect, it } from '@jest/globals'
import { runScript } from '../../support/run-script.ts'
import { transports } from '../../ws/raw-peers.ts'

interface Measured {
  readonly kind: string
  readonly sends: number
  readonly kept: number
  readonly waiting: number
  readonly received: number
  readonly expected: number
  readonly longestTurn: number
}

/** `maxBufferedAmount`, in bytes. */
const LIMIT = 16_000_000

describe('the queue for a peer that does not read', () => {
  it.each(transports)(
    'uses at most 1.1 times maxBufferedAmount, and is sent in short turns when the peer reads again, over %s',
    async (transport) => {
      const { exitCode, stdout, stderr } = await runScript(
        'spec/web-socket/scripts/waiting-sends.ts',
        ['--expose-gc'],
        [transport, String(LIMIT)],
      )
      expect({ exitCode, stderr }).toEqual({ exitCode: 0, stderr: '' })
      const measured = stdout
        .trim()
        .split('\n')
        .map((line) => JSON.parse(line) as Measured)
      expect(measured.map(({ kind }) => kind)).toEqual(['empty', 'text of 20 bytes', 'binary of 20 bytes', 'prepared'])
      // As many sends as fit into the limit, with at most 1,000 bytes each.
      expect(measured.filter(({ sends }) => sends < LIMIT / 1000)).toEqual([])
      expect(measured.filter(({ kept }) => kept > 1.1 * LIMIT)).toEqual([])
      expect(measured.filter(({ expected, received }) => received < expected)).toEqual([])
      // Milliseconds of the main thread, including its part of garbage collection.
      expect(measured.filter(({ longestTurn }) => longestTurn > 50)).toEqual([])
    },
    60_000,
  )
})
