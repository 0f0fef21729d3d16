/** Prints the events of a client whose function throws, and the uncaught errors of the process. */
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { WebSocket } from 'undici'
import { connectWebSocket } from '../../../lib/client.ts'

process.on('uncaughtException', ({ message }) => console.log(JSON.stringify({ error: message })))

// The server refuses every WebSocket.
const server = createServer((_request, response) => void response.end()).listen(0, '127.0.0.1', () => {
  const client = connectWebSocket(`ws://127.0.0.1:${(server.address() as AddressInfo).port}/`, {
    WebSocket,
    baseDelay: 1,
    shouldReconnect: () => {
      throw new Error('a fault in the page')
    },
  })
  client.addEventListener('close', ({ attempt, retryDelay }) => {
    // After the error, which is reported at the end of the turn.
    setImmediate(() => {
      if (client.state === 'closed') return
      console.log(JSON.stringify({ attempt, willReconnect: retryDelay !== null }))
      if (attempt < 2) return
      client.close()
      console.log(JSON.stringify({ state: client.state }))
      server.close()
      server.closeAllConnections()
    })
  })
})
