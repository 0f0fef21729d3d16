import { describe, expect, it } from '@jest/globals'
import { runOutcomes } from '../support/run-outcomes.ts'

interface Outcome {
  readonly failure: string
  readonly path: string
  readonly code: number
  readonly logged: readonly string[]
  readonly status: number
  readonly faults: readonly string[]
}

/** The close code that a client sees, by kind of failure. */
const codes: Record<string, number> = {
  'the application fails': 1011,
  'the client resets the connection': 1006,
  'the client sends garbage': 1002,
}

describe('an error page', () => {
  it('of any kind, on Express 4 and 5, over every transport, closes the WebSocket, logs the error, and affects no other connection', async () => {
    const outcomes = await runOutcomes<Outcome>('spec/interop/scripts/error-pages.ts')
    // 2 versions, 13 pages, 4 transports, 3 endpoints, 3 failures.
    expect(outcomes).toHaveLength(936)
    for (const outcome of outcomes) {
      const { failure, code, status, faults } = outcome
      expect({ outcome, code, status, faults }).toEqual({ outcome, code: codes[failure], status: 200, faults: [] })
    }
    for (const { logged } of outcomes.filter(({ failure }) => failure === 'the application fails')) {
      expect(logged).toEqual(['of the app'])
    }
  }, 120_000)
})
