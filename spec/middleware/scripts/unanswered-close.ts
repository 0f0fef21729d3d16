/** Drops a connection whose client has sent a Close frame. */
import express from 'express'
import { useWebSockets } from 'express-use-websockets'
import { requestWebSocket } from 'express-use-websockets/testing'

async function main(): Promise<void> {
  const app = express().use(useWebSockets())
  app.all('/ws', async (req) => {
    using webSocket = await req.webSockets.acceptWebSocketAsync()
    await webSocket.receiveAsync(Buffer.alloc(1))
  })
  await using answer = await requestWebSocket(app, '/ws')
  await answer.webSocket.closeAsync(4000).catch(() => undefined)
}

void main()
