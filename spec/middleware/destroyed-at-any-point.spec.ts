import { describe, expect, it } from '@jest/globals'
import { runOutcomes } from '../support/run-outcomes.ts'

describe('an application that destroys or ends a request, a response or a socket', () => {
  it('causes no uncaught error and no leaked place of maxConnections at any point, over every transport', async () => {
    const outcomes = await runOutcomes<{ readonly next: number; readonly faults: readonly string[] }>(
      'spec/middleware/scripts/destroying-apps.ts',
    )
    // 2 versions of Express, 4 transports, 2 ways to accept; 9 actions at 8 points, a throwing hook at 2 of them, 2 more answers at 3.
    expect(outcomes).toHaveLength(1280)
    for (const outcome of outcomes) expect(outcome).toMatchObject({ next: 1000, faults: [] })
  }, 120_000)
})

describe('a client that leaves at any await point of its accept', () => {
  it('does not crash the process or leak a place of maxConnections, over every transport', async () => {
    const outcomes = await runOutcomes<{ readonly isOpen: boolean; readonly faults: readonly string[] }>(
      'spec/middleware/scripts/leaving-clients.ts',
    )
    // 2 versions of Express, 2 ways to accept; 3 points, 4 transports, continuing or not; and 4 points, 3 servers, 3 ways to leave.
    expect(outcomes).toHaveLength(240)
    for (const outcome of outcomes) expect(outcome).toMatchObject({ isOpen: true, faults: [] })
  }, 120_000)
})
