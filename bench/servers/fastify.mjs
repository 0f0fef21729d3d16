import webSocket from '@fastify/websocket'
import fastify from 'fastify'
import { announce } from './listen.mjs'
import { middlewares } from './middlewares.mjs'

const app = fastify()
await app.register(webSocket, { options: { perMessageDeflate: false } })
for (const middleware of middlewares) {
  // Fastify wraps Node's requests and responses. The middlewares get Node's, as they do behind Express.
  app.addHook('onRequest', (request, reply, done) => middleware(request.raw, reply.raw, done))
}
app.get('/echo', { websocket: true }, (socket) => {
  socket.on('error', () => undefined)
  socket.on('message', (data, isBinary) => socket.send(data, { binary: isBinary }))
})
app.get('/broadcast', { websocket: true }, (socket) => {
  socket.on('error', () => undefined)
  socket.on('message', (data, isBinary) => {
    for (const client of app.websocketServer.clients) client.send(data, { binary: isBinary })
  })
})
await app.listen({ host: '127.0.0.1', port: 0 })
announce(app.server.address().port)
