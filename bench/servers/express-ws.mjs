import { createServer } from 'node:http'
import express from 'express'
import expressWs from 'express-ws'
import { listen } from './listen.mjs'
import { middlewares } from './middlewares.mjs'

const app = express()
const server = createServer(app)
const { getWss } = expressWs(app, server, { leaveRouterUntouched: true, wsOptions: { perMessageDeflate: false } })
app.use(middlewares)
app.ws('/echo', (socket) => {
  socket.on('error', () => undefined)
  // express-ws uses ws 7, which passes text as a string and binary data as a Buffer.
  socket.on('message', (data) => socket.send(data))
})
app.ws('/broadcast', (socket) => {
  socket.on('error', () => undefined)
  socket.on('message', (data) => {
    for (const client of getWss().clients) client.send(data)
  })
})
listen(server)
