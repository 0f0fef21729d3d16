import { createServer } from 'node:http'
import express from 'express'
import { tinyws } from 'tinyws'
import { listen } from './listen.mjs'
import { middlewares } from './middlewares.mjs'

const app = express()
const server = createServer(app)
const sockets = tinyws({ handler: app }, server, { perMessageDeflate: false })
app.use(middlewares)
app.use('/echo', async (request) => {
  const socket = await request.ws()
  socket.on('error', () => undefined)
  socket.on('message', (data, isBinary) => socket.send(data, { binary: isBinary }))
})
app.use('/broadcast', async (request) => {
  const socket = await request.ws()
  socket.on('error', () => undefined)
  socket.on('message', (data, isBinary) => {
    for (const client of sockets.clients) client.send(data, { binary: isBinary })
  })
})
listen(server)
