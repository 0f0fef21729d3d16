import { describe, expect, it } from '@jest/globals'
import { runScript } from '../../support/run-script.ts'

describe('what arrives over HTTP/2 byte by byte, and nobody reads', () => {
  it.each([
    ['of the body of a request', 'body'],
    ['of a WebSocket that is not accepted yet', 'waiting'],
    ['of a WebSocket that nobody receives from', 'accepted'],
  ])(
    'holds no more memory than four times what was sent: %s',
    async (_what, stage) => {
      const { exitCode, stdout, stderr } = await runScript('spec/hosting/http2/scripts/unread-bytes.ts', ['--expose-gc'], [stage])
      expect({ exitCode, stderr }).toEqual({ exitCode: 0, stderr: '' })
      const { held, sent } = JSON.parse(stdout) as { held: number; sent: number }
      expect(held).toBeLessThan(4 * sent)
    },
    60_000,
  )
})
