import { join } from 'node:path'
import express from 'express'
import type { Express } from 'express'
import { useWebSockets } from 'express-use-websockets'
import { serveClient } from '../serve-client.ts'
import type { BackgroundSocketProcessor } from './background-socket-processor.ts'

/**
 * Creates an app with a page at `/` and a WebSocket at `/ws`. The route accepts the socket, passes it to the service, and returns. The request stays
 * open until the socket has completed.
 */
export function createBackgroundServiceApp(processor: BackgroundSocketProcessor): Express {
  const app = express()
  app.use(useWebSockets())
  app.get('/connect-web-socket.js', serveClient)
  app.use(express.static(join(__dirname, 'public')), express.static(join(__dirname, '../public')))
  app.all('/ws', async (req, res) => {
    if (req.webSockets.isWebSocketRequest) processor.addSocket(await req.webSockets.acceptWebSocketAsync())
    else res.sendStatus(400)
  })
  return app
}
