import { createServer } from 'node:http'
import { monitorEventLoopDelay } from 'node:perf_hooks'
import express from 'express'
import { useWebSockets } from '../../dist/index.mjs'
import { listen } from '../servers/listen.mjs'

const [keepAliveInterval, keepAliveTimeout] = process.argv.slice(2).map(Number)
const webSockets = useWebSockets({ keepAliveInterval, keepAliveTimeout, closeTimeout: 5000 })
const app = express()
app.use(webSockets)

// Reports the longest event loop delay since the previous request.
const loopDelay = monitorEventLoopDelay({ resolution: 10 })
loopDelay.enable()
process.on('message', (message) => {
  if (message !== 'delay') return
  tell({ delay: loopDelay.max / 1e6 })
  loopDelay.reset()
})

// Reports how each WebSocket ended, by the number that the client gave it.
app.all('/soak/:id', async (request) => {
  const webSocket = await request.webSockets.acceptWebSocketAsync()
  const { id } = request.params
  void webSocket.completion.then(({ wasClean }) => tell({ ended: { id: Number(id), wasClean, at: Date.now() } }))
  try {
    for await (const message of webSocket) await webSocket.sendAsync(message)
    await webSocket.closeOutputAsync(1000)
  } catch (error) {
    // Vanishing peers cause these errors, as intended. Any other error ends the process.
    if (!String(error?.code).startsWith('ERR_WEBSOCKET_') && error?.code !== 'ABORT_ERR') throw error
  }
})

listen(createServer(app))

/** @param {object} message */
function tell(message) {
  // The harness may have exited. The callback ignores the error, because this process ends as well.
  process.send?.(message, undefined, {}, () => undefined)
}
