import { describe, expect, it } from '@jest/globals'
import { runScript } from '../../support/run-script.ts'

describe('an idle WebSocket', () => {
  it.each(['request', 'upgrade'])(
    'holds no parser of HTTP, and nothing that came early; its request came by the event %s',
    async (event) => {
      const { exitCode, stdout, stderr } = await runScript('spec/hosting/http1/scripts/idle-web-sockets.ts', ['--expose-gc'], [event])
      expect({ exitCode, stderr }).toEqual({ exitCode: 0, stderr: '' })
      const { received, parsers, parsersHeld, kibibytesHeld } = JSON.parse(stdout) as Record<string, number>
      expect({ received, parsers, parsersHeld }).toEqual({ received: 50 * 81_920, parsers: event === 'request' ? 50 : 0, parsersHeld: 0 })
      // Of 80.
      expect(kibibytesHeld).toBeLessThan(5)
    },
    30_000,
  )
})
