import express from 'express'
import { useWebSockets, WebSocketCloseStatus, WebSocketException, type ManagedWebSocket } from 'express-use-websockets'
import { createServer } from 'express-use-websockets/http2'

const app = express()
app.use(useWebSockets({ keepAliveInterval: 120_000, allowedOrigins: ['https://client.com'] }))

app.all('/ws', async (req, res) => {
  if (!req.webSockets.isWebSocketRequest) {
    res.sendStatus(400)
    return
  }
  await using webSocket = await req.webSockets.acceptWebSocketAsync({ subProtocol: 'chat' })
  await echoAsync(webSocket)
})

async function echoAsync(webSocket: ManagedWebSocket): Promise<void> {
  try {
    for await (const message of webSocket) {
      // @ts-expect-error: were the types lost, then this would be `any`.
      const neither: number = message
      await webSocket.sendAsync(typeof message === 'string' ? message.toUpperCase() : message.subarray(0, Number(neither)))
    }
  } catch (error) {
    if (!(error instanceof WebSocketException) || error.code !== 'ERR_WEBSOCKET_CLOSED_PREMATURELY') throw error
    await webSocket.closeAsync(WebSocketCloseStatus.InternalServerError, 'sorry')
  }
}

// @ts-expect-error: milliseconds are a number.
useWebSockets({ keepAliveInterval: '5s' })
// @ts-expect-error: there is no such option.
useWebSockets({ keepaliveInterval: 5 })
// @ts-expect-error: there is no such code.
export const neverTrue = new WebSocketException('ERR_WEBSOCKET_INVALID_STATE', 'x').code === 'ERR_WEBSOCKET_UNHEARD_OF'

createServer(app).listen(3000)
