import { describe, expect, it } from '@jest/globals'
import { runScript } from '../../support/run-script.ts'

describe('an idle WebSocket', () => {
  it.each(['plain', 'attached'])(
    'holds neither an HTTP parser nor bytes that arrived early, on a server that is %s',
    async (kind) => {
      const { exitCode, stdout, stderr } = await runScript('spec/hosting/http1/scripts/idle-web-sockets.ts', ['--expose-gc'], [kind])
      expect({ exitCode, stderr }).toEqual({ exitCode: 0, stderr: '' })
      const { received, parsers, parsersHeld, kibibytesHeld } = JSON.parse(stdout) as Record<string, number>
      expect({ received, parsers, parsersHeld }).toEqual({ received: 50 * 81_920, parsers: 50, parsersHeld: 0 })
      // Of 80.
      expect(kibibytesHeld).toBeLessThan(5)
    },
    30_000,
  )
})
