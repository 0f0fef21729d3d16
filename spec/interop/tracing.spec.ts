import { describe, expect, it } from '@jest/globals'
import { runOutcomes } from '../support/run-outcomes.ts'

/** How each is started, what it says of a WebSocket, and after which ends of it the trace is over. */
const tracers: readonly (readonly [name: string, script: string, trace: object, ended: readonly string[]])[] = [
  ['OpenTelemetry', 'spec/interop/scripts/tracing-opentelemetry.ts', { name: 'GET', status: 101 }, ['closed', 'cut']],
  // As of any request that is cut, Elastic APM waits for the application to end the response once more.
  ['Elastic APM', 'spec/interop/scripts/tracing-elastic-apm.ts', { name: 'GET /ws', status: 'HTTP 1xx' }, ['closed']],
]

describe('a tracer', () => {
  it.each(tracers)(
    'sees one request in a WebSocket, from its handshake to its completion, and is active everywhere in its handler: %s, plain and attached',
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

describe('a span of its own', () => {
  it('is a child of the request, the parent of what the handler does, and ends with the WebSocket', async () => {
    const outcomes = await runOutcomes<{ readonly ending: string }>('spec/interop/scripts/web-socket-spans.ts')
    const related = { isActiveInHandler: true, isChildOfRequest: true, isParentOfQuery: true, endedWhileOpen: ['query'] }
    const closed = { ending: 'closed', closeStatus: 1000, ...related }
    const cut = { ending: 'cut', closeStatus: 1006, ...related }
    expect(outcomes).toEqual([closed, cut, closed, cut])
  }, 60_000)
})
