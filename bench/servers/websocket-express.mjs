import { WebSocketExpress } from 'websocket-express'
import { listen } from './listen.mjs'
import { middlewares } from './middlewares.mjs'

const app = new WebSocketExpress()
app.use(...middlewares)
app.ws('/echo', async (_request, response) => {
  const socket = await response.accept()
  socket.on('error', () => undefined)
  socket.on('message', (data, isBinary) => socket.send(data, { binary: isBinary }))
})
const listeners = new Set()
app.ws('/broadcast', async (_request, response) => {
  const socket = await response.accept()
  listeners.add(socket)
  socket.on('close', () => listeners.delete(socket))
  socket.on('error', () => undefined)
  socket.on('message', (data, isBinary) => {
    for (const listener of listeners) listener.send(data, { binary: isBinary })
  })
})
listen(app.createServer())
