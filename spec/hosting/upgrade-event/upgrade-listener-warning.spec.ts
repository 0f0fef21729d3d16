import { describe, expect, it } from '@jest/globals'
import { execFile } from 'node:child_process'
import { promisify } from 'node:util'

/** The warnings of a process with another upgrade listener on its server, which `prepare` prepares, after three requests. */
async function warningsWith(prepare: string): Promise<string[]> {
  const script = `
    const { createServer, get } = require('node:http')
    const { attachWebSockets, useWebSockets } = require('./lib/index.ts')
    const warnings = []
    process.on('warning', ({ code, message }) => code === 'WEBSOCKET_UPGRADE_LISTENERS' && warnings.push(message))
    const webSockets = useWebSockets()
    const app = (req, res) => webSockets(req, res, () => res.end('page'))
    const server = createServer(app).on('upgrade', (request, socket) => socket.destroy())
    ${prepare}
    server.listen(0, '127.0.0.1', async () => {
      for (let count = 0; count < 3; count++) {
        await new Promise((resolve) => get({ port: server.address().port }, (response) => response.resume().on('end', resolve)))
      }
      console.log(JSON.stringify(warnings))
      server.close()
      server.closeAllConnections()
    })`
  const { stdout } = await promisify(execFile)(process.execPath, ['--no-warnings', '-r', 'esbuild-register', '-e', script], {
    cwd: `${__dirname}/../../..`,
  })
  return JSON.parse(stdout) as string[]
}

describe('a server with foreign upgrade listeners', () => {
  it('causes one warning, with the remedy', async () => {
    expect(await warningsWith('')).toEqual([expect.stringContaining('Call attachWebSockets(server, app, { filter })')])
  })

  it.each([
    ['if attachWebSockets was called', 'attachWebSockets(server, app, { filter: () => true })'],
    ['if shouldUpgradeCallback is set', 'server.shouldUpgradeCallback = () => false'],
    ['if the listeners were removed', "server.removeAllListeners('upgrade')"],
  ])('causes no warning %s', async (_, prepare) => {
    expect(await warningsWith(prepare)).toEqual([])
  })
})
