const { once } = require('node:events')
const express = require('express')
const { WebSocket } = require('ws')

/** Serves an echo with the given `useWebSockets`, sends one message to it, and resolves with the answer. */
exports.echoAsync = async (useWebSockets, message) => {
  const app = express()
  app.use(useWebSockets())
  app.all('/ws', async (req) => {
    const webSocket = await req.webSockets.acceptWebSocketAsync()
    for await (const received of webSocket) await webSocket.sendAsync(received)
    await webSocket.closeAsync(1000)
  })
  const server = app.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const client = new WebSocket(`ws://127.0.0.1:${server.address().port}/ws`)
  await once(client, 'open')
  client.send(message)
  const [answer] = await once(client, 'message')
  client.close()
  server.close()
  await once(server, 'close')
  return String(answer)
}
