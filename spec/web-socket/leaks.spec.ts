import { describe, expect, it } from '@jest/globals'
import { runScript } from '../support/run-script.ts'

describe('sockets that have ended, in each possible way', () => {
  it('leave no socket, timer, listener or promise behind', async () => {
    const { exitCode, stdout, stderr } = await runScript('spec/web-socket/scripts/leaks.ts', ['--expose-gc'], ['100'])

    // The output lists leaks.
    expect({ exitCode, stdout, stderr }).toEqual({
      exitCode: 0,
      stdout: expect.stringMatching(/^(\{.*"uncollected":0,.*\}\n){16}$/),
      stderr: '',
    })
  }, 60_000)
})
