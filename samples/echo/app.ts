import { join } from 'node:path'
import express from 'express'
import type { Express, Request } from 'express'
import { useWebSockets, webSocketHandler, WebSocketCloseStatus } from 'express-use-websockets'

/** ASP.NET Core's echo sample: a page at `/`, a WebSocket at `/ws` that echoes, and two messages that make the server end it. */
export function createEchoApp(): Express {
  const app = express()
  app.use(useWebSockets({ maxMessageSize: 32 * 1024 * 1024 }))
  app.use(express.static(join(__dirname, 'public')))

  // A page cannot see how its WebSocket came here, so it gives it a name (`/ws?name=x`) and asks.
  const protocols = new Map<string, string>()
  app.get('/protocols/:name', (req, res) => void res.json(protocols.get(req.params.name) ?? 'unknown'))

  app.all(
    '/ws',
    webSocketHandler<Request>(
      async (webSocket, request) => {
        const { name } = request.query
        if (typeof name === 'string') {
          protocols.set(name, `HTTP/${request.httpVersion}`)
          void webSocket.completion.then(() => protocols.delete(name))
        }
        for await (const message of webSocket) {
          if (message === 'ServerClose') return webSocket.closeAsync(WebSocketCloseStatus.NormalClosure, 'Closing from Server')
          if (message === 'ServerAbort') return webSocket.abort()
          await webSocket.sendAsync(message)
        }
      },
      // `/ws?compression` negotiates permessage-deflate. An echo has no secrets to leak.
      ({ query }) => ({ dangerousEnableCompression: 'compression' in query }),
    ),
  )
  return app
}
