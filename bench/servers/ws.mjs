import { createServer } from 'node:http'
import { WebSocketServer } from 'ws'
import { listen } from './listen.mjs'

const server = createServer()
const sockets = new WebSocketServer({ server, perMessageDeflate: false })
sockets.on('connection', (socket, request) => {
  socket.on('error', () => undefined)
  if (request.url === '/broadcast') {
    socket.on('message', (data, isBinary) => {
      for (const client of sockets.clients) client.send(data, { binary: isBinary })
    })
  } else {
    socket.on('message', (data, isBinary) => socket.send(data, { binary: isBinary }))
  }
})
listen(server)
