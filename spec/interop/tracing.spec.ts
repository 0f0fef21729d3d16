import { describe, expect, it } from '@jest/globals'
import { runOutcomes } from '../support/run-outcomes.ts'

/** How each tracer is started, its record of a WebSocket, and the ends after which the trace is complete. */
const tracers: readonly (readonly [name: string, script: string, trace: object, ended: readonly string[]])[] = [
  ['OpenTelemetry', 'spec/interop/scripts/tracing-opentelemetry.ts', { name: 'GET', status: 101 }, ['closed', 'cut']],
  // Elastic APM waits for the application to end the response again, as for any aborted request.
  ['Elastic APM', 'spec/interop/scripts/tracing-elastic-apm.ts', { name: 'GET /ws', status: 'HTTP 1xx' }, ['closed']],
]

describe('a tracer', () => {
  it.each(tracers)(
    'records one request from the handshake to the completion, and is active in the whole handler: %s, plain and attached',
    async (_name, script, trace, ended) => {
      const outcomes = await runOutcomes<{ readonly ending: string }>(script)
      // 2 versions of Express, 5 ways to serve, 2 ways to end.
      expect(outcomes).toHaveLength(20)
      for (const outcome of outcomes) {
        const isOver = ended.includes(outcome.ending)
        const expected = { places: 9, isActiveEverywhere: true, isEndedWhileOpen: false, isEnded: isOver, endedTraces: isOver ? 1 : 0 }
        expect(outcome).toMatchObject({ ...expected, ...(isOver ? trace : {}) })
      }
    },
    60_000,
  )
})

describe('a custom span', () => {
  it("is a child of the request and the parent of the handler's work, and ends with the WebSocket", async () => {
    const outcomes = await runOutcomes<{ readonly ending: string }>('spec/interop/scripts/web-socket-spans.ts')
    const related = { isActiveInHandler: true, isChildOfRequest: true, isParentOfQuery: true, endedWhileOpen: ['query'] }
    const closed = { ending: 'closed', closeStatus: 1000, ...related }
    const cut = { ending: 'cut', closeStatus: 1006, ...related }
    expect(outcomes).toEqual([closed, cut, closed, cut])
  }, 60_000)
})
