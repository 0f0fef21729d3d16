import { createServer } from 'node:http'
import express from 'express'
import { WebSocketGroup } from '../../dist/groups.mjs'
import { prepareMessage, useWebSockets, WebSocketMessageType } from '../../dist/index.mjs'
import { listen } from './listen.mjs'
import { middlewares } from './middlewares.mjs'

const app = express()
app.use(middlewares)
app.use(useWebSockets())

// The echo of the README.
app.all('/echo', async (request, response) => {
  if (!request.webSockets.isWebSocketRequest) {
    response.sendStatus(400)
    return
  }
  const webSocket = await request.webSockets.acceptWebSocketAsync()
  for await (const message of webSocket) await webSocket.sendAsync(message)
  await webSocket[Symbol.asyncDispose]()
})

app.all('/echo-deflate', async (request) => {
  const webSocket = await request.webSockets.acceptWebSocketAsync({ dangerousEnableCompression: true })
  for await (const message of webSocket) await webSocket.sendAsync(message)
  await webSocket[Symbol.asyncDispose]()
})

// ASP.NET Core's echo: it sends back each part of a message as it arrives.
app.all('/echo-by-parts', async (request) => {
  const webSocket = await request.webSockets.acceptWebSocketAsync()
  const buffer = Buffer.alloc(65_536)
  for (;;) {
    const { count, messageType, endOfMessage } = await webSocket.receiveAsync(buffer)
    if (messageType === WebSocketMessageType.Close) break
    await webSocket.sendAsync(buffer.subarray(0, count), messageType, endOfMessage)
  }
  await webSocket.closeAsync(webSocket.closeStatus, webSocket.closeStatusDescription)
})

const listeners = new Set()
app.all(['/broadcast', '/broadcast-deflate'], async (request) => {
  const dangerousEnableCompression = request.path === '/broadcast-deflate'
  const webSocket = await request.webSockets.acceptWebSocketAsync({ dangerousEnableCompression })
  listeners.add(webSocket)
  for await (const message of webSocket) {
    const prepared = prepareMessage(message)
    for (const listener of listeners) void listener.sendAsync(prepared)
  }
  listeners.delete(webSocket)
  await webSocket[Symbol.asyncDispose]()
})

const group = new WebSocketGroup()
app.all('/broadcast-by-group', async (request) => {
  const webSocket = await request.webSockets.acceptWebSocketAsync()
  group.add(webSocket)
  for await (const message of webSocket) void group.send(message)
  await webSocket[Symbol.asyncDispose]()
})

app.all('/upload', async (request) => {
  const webSocket = await request.webSockets.acceptWebSocketAsync()
  const buffer = Buffer.alloc(65_536)
  let length = 0
  for (;;) {
    const { count, endOfMessage } = await webSocket.receiveAsync(buffer)
    length += count
    if (endOfMessage) break
  }
  await webSocket.sendAsync(String(length))
  await webSocket.completion
})

listen(createServer(app))
