import { describe, expect, it } from '@jest/globals'
import { runScript } from '../support/run-script.ts'

describe('the process', () => {
  it('survives every operation that rejects without a handler', async () => {
    expect(await runScript('spec/web-socket/scripts/unawaited.ts')).toEqual({ exitCode: 0, stdout: 'alive', stderr: '' })
  })

  it('reports every invalid argument, even if the promise is not awaited', async () => {
    expect(await runScript('spec/web-socket/scripts/unawaited-mistakes.ts')).toEqual({
      exitCode: 0,
      stdout: 'data messageType messageFlags data messageFlags buffer closeStatus statusDescription statusDescription closeStatus',
      stderr: '',
    })
  })

  it('keeps serving other sockets if one transport throws an error', async () => {
    expect(await runScript('spec/web-socket/scripts/throwing-transport.ts')).toEqual({
      exitCode: 0,
      stdout: 'broken\nsame turn\nlater turn\n',
      stderr: '',
    })
  })
})
