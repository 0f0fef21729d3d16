import { createServer } from 'node:http'
import { WebSocketServer } from 'ws'
import { listen } from './listen.mjs'

const server = createServer()
// Compressed are those that ask for it. It delivers whole messages only, so that the longest of them decides how much memory it may take.
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
