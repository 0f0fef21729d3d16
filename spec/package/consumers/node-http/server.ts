import { createServer } from 'node:http'
import { useWebSockets } from 'express-use-websockets'

const webSockets = useWebSockets()

createServer((req, res) => {
  webSockets(req, res, async () => {
    if (!req.webSockets.isWebSocketRequest) {
      res.end(req.webSockets.refusal ?? 'no attempt')
      return
    }
    const webSocket = await req.webSockets.acceptWebSocketAsync()
    await webSocket.sendAsync('hello')
    // @ts-expect-error: were the types lost, then this would be `any`.
    req.webSockets.isWebSocketRequest.unheardOf()
  })
}).listen(3000)
