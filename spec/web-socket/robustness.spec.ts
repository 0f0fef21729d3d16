import { describe, expect, it } from '@jest/globals'
import { runScript } from '../support/run-script.ts'

describe('the process', () => {
  it('survives every operation that rejects while nobody awaits it', async () => {
    expect(await runScript('spec/web-socket/scripts/unawaited.ts')).toEqual({ exitCode: 0, stdout: 'alive', stderr: '' })
  })

  it('hears of every wrong argument, though nobody awaits', async () => {
    expect(await runScript('spec/web-socket/scripts/unawaited-mistakes.ts')).toEqual({
      exitCode: 0,
      stdout: 'data messageType messageFlags data messageFlags buffer closeStatus statusDescription statusDescription closeStatus',
      stderr: '',
    })
  })

  it('goes on with the other sockets when one transport throws', async () => {
    expect(await runScript('spec/web-socket/scripts/throwing-transport.ts')).toEqual({
      exitCode: 0,
      stdout: 'broken\nsame turn\nlater turn\n',
      stderr: '',
    })
  })
})
