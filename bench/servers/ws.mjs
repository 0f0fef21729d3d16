import { createServer } from 'node:http'
import { WebSocketServer } from 'ws'
import { listen } from './listen.mjs'

const server = createServer()
// It compresses only for clients that offer it. ws delivers whole messages, so maxPayload must allow the longest.
const sockets = new WebSocketServer({ server, perMessageDeflate: { threshold: 0 }, maxPayload: 2 ** 31 - 1 })
sockets.on('connection', (socket, request) => {
  socket.on('error', () => undefined)
  if (request.url?.startsWith('/broadcast')) {
    socket.on('message', (data, isBinary) => {
      for (const client of sockets.clients) client.send(data, { binary: isBinary })
    })
  } else if (request.url === '/upload') {
    socket.on('message', (data) => socket.send(String(data.length)))
  } else {
    socket.on('message', (data, isBinary) => socket.send(data, { binary: isBinary }))
  }
})
listen(server)
