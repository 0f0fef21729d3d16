import { createServer } from 'node:http'
import express from 'express'
import { useWebSockets } from '../../dist/index.mjs'
import { listen } from '../servers/listen.mjs'

const [keepAliveInterval, keepAliveTimeout] = process.argv.slice(2).map(Number)
const webSockets = useWebSockets({ keepAliveInterval, keepAliveTimeout, closeTimeout: 5000 })
const app = express()
app.use(webSockets)

// Tells the harness how every WebSocket ended, by the number that the client gave it.
app.all('/soak/:id', async (request) => {
  const webSocket = await request.webSockets.acceptWebSocketAsync()
  const { id } = request.params
  void webSocket.completion.then(({ wasClean }) => process.send?.({ ended: { id: Number(id), wasClean, at: Date.now() } }))
  try {
    for await (const message of webSocket) await webSocket.sendAsync(message)
    await webSocket.closeOutputAsync(1000)
  } catch (error) {
    // Peers vanish: that is what this is about. Anything else shall end the process.
    if (!String(error?.code).startsWith('ERR_WEBSOCKET_') && error?.code !== 'ABORT_ERR') throw error
  }
})

listen(createServer(app))
