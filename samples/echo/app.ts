import { join } from 'node:path'
import express from 'express'
import type { Express, Request } from 'express'
import { useWebSockets, webSocketHandler, WebSocketCloseStatus } from 'express-use-websockets'

/**
 * Creates the echo sample of ASP.NET Core: a page at `/`, a WebSocket at `/ws` that echoes, and two messages that make the server close or abort it.
 */
export function createEchoApp(): Express {
  const app = express()
  app.use(useWebSockets({ maxMessageSize: 32 * 1024 * 1024 }))
  app.use(express.static(join(__dirname, 'public')))

  // A page cannot see the HTTP version of its WebSocket, so it sends a name (`/ws?name=x`) and asks for it.
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
      // `/ws?compression` negotiates permessage-deflate. This is safe here, because an echo contains no secrets.
      ({ query }) => ({ dangerousEnableCompression: 'compression' in query }),
    ),
  )
  return app
}
