import { describe, expect, it } from '@jest/globals'
import { runScript } from '../../../support/run-script.ts'

describe('a client over HTTP/2 that starts trailers, reads nothing and disconnects', () => {
  // Without retainSession(), Node 26 always fails here, and older versions sometimes.
  it('does not crash the process when its session is garbage collected', async () => {
    const result = await runScript('spec/hosting/http2/scripts/unfinished-headers.ts', ['--expose-gc'], ['30'])
    expect(result).toEqual({ exitCode: 0, stdout: '30 closed\n', stderr: '' })
  }, 60_000)
})
