/** Prints what happens to a client whose function throws, in a process that hears of its own errors. */
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { WebSocket } from 'undici'
import { connectWebSocket } from '../../../lib/client.ts'

process.on('uncaughtException', ({ message }) => console.log(JSON.stringify({ error: message })))

// It answers that there is no WebSocket.
const server = createServer((_request, response) => void response.end()).listen(0, '127.0.0.1', () => {
  const client = connectWebSocket(`ws://127.0.0.1:${(server.address() as AddressInfo).port}/`, {
    WebSocket,
    baseDelay: 1,
    shouldReconnect: () => {
      throw new Error('a fault in the page')
    },
  })
  client.addEventListener('close', ({ attempt, retryDelay }) => {
    // After the error, which is reported when the turn is over.
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
