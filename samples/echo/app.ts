import { join } from 'node:path'
import express from 'express'
import type { Express } from 'express'
import { useWebSockets, webSocketHandler, WebSocketCloseStatus } from 'express-use-websockets'

/** ASP.NET Core's echo sample: a page at `/`, a WebSocket at `/ws` that echoes, and two messages that make the server end it. */
export function createEchoApp(): Express {
  const app = express()
  app.use(useWebSockets({ maxMessageSize: 32 * 1024 * 1024 }))
  app.use(express.static(join(__dirname, 'public')))

  app.all(
    '/ws',
    webSocketHandler(
      async (webSocket) => {
        for await (const message of webSocket) {
          if (message === 'ServerClose') return webSocket.closeAsync(WebSocketCloseStatus.NormalClosure, 'Closing from Server')
          if (message === 'ServerAbort') return webSocket.abort()
          await webSocket.sendAsync(message)
        }
      },
      // `/ws?compression` negotiates permessage-deflate. An echo has no secrets to leak.
      (request) => ({ dangerousEnableCompression: new URL(request.url ?? '', 'http://localhost').searchParams.has('compression') }),
    ),
  )
  return app
}
