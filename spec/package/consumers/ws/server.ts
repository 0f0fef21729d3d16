import { createServer } from 'node:http'
import { useWebSockets } from 'express-use-websockets'
import { acceptWsWebSocketAsync, webSocketServerHandler } from 'express-use-websockets/ws'
import { WebSocketServer } from 'ws'
import type { WebSocket } from 'ws'

const webSockets = useWebSockets()
const handle = webSocketServerHandler(new WebSocketServer({ noServer: true }), { maxMessageSize: 1024 })

createServer((req, res) => {
  webSockets(req, res, async () => {
    if (req.url === '/server') {
      await handle(req, res, () => res.end())
      return
    }
    const ws: WebSocket = await acceptWsWebSocketAsync(req)
    ws.send('hello')
    // @ts-expect-error: were the types lost, then this would be `any`.
    ws.unheardOf()
  })
}).listen(3000)
