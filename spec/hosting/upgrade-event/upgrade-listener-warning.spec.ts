import { describe, expect, it } from '@jest/globals'
import { execFile } from 'node:child_process'
import { promisify } from 'node:util'

/** The warnings of a process of its own, in which a server with another upgrade listener is prepared by `prepare` and gets three requests. */
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

describe('a server with upgrade listeners of somebody else', () => {
  it('is warned of once, with the remedy', async () => {
    expect(await warningsWith('')).toEqual([expect.stringContaining('Call attachWebSockets(server, app, { filter })')])
  })

  it.each([
    ['if it was attached', 'attachWebSockets(server, app, { filter: () => true })'],
    ['if it chooses by request', 'server.shouldUpgradeCallback = () => false'],
    ['if the listeners have gone', "server.removeAllListeners('upgrade')"],
  ])('is not warned of %s', async (_, prepare) => {
    expect(await warningsWith(prepare)).toEqual([])
  })
})
