/** Prints the answers to two requests whose filter throws, and the warnings of the process. */
import { once } from 'node:events'
import { createServer, get } from 'node:http'
import type { IncomingMessage } from 'node:http'
import type { AddressInfo } from 'node:net'
import { attachWebSockets } from '../../../../lib/index.ts'

process.on('warning', (warning: Error & { code?: string; detail?: string }) => {
  print([warning.name, warning.code, warning.message, warning.detail?.split('\n')[0]])
})

void run()

async function run(): Promise<void> {
  const server = createServer().listen(0, '127.0.0.1')
  server.on('upgrade', (_request, socket) => socket.destroy())
  attachWebSockets(server, (_request, response) => void response.end(), {
    filter: () => {
      throw new Error('a fault in the filter')
    },
  })
  await once(server, 'listening')
  const headers = { Connection: 'Upgrade', Upgrade: 'websocket' }
  for (let count = 0; count < 2; count++) {
    const sent = get({ port: (server.address() as AddressInfo).port, host: '127.0.0.1', headers, agent: false })
    const [response] = (await once(sent, 'response')) as [IncomingMessage]
    response.resume()
    print(response.statusCode)
  }
  server.close()
  server.closeAllConnections()
}

function print(outcome: unknown): void {
  console.log(JSON.stringify(outcome))
}
