import { join } from 'node:path'
import express from 'express'
import type { Express } from 'express'
import { useWebSockets, webSocketHandler } from 'express-use-websockets'
import { serveClient } from '../serve-client.ts'
import type { LatestValue } from './latest-value.ts'

/** Creates an app with a page at `/` and a WebSocket at `/ws` that pushes the latest value. */
export function createDashboardApp(latest: LatestValue): Express {
  const app = express()
  app.use(useWebSockets({ keepAliveInterval: 15_000, keepAliveTimeout: 10_000 }))
  app.get('/connect-web-socket.js', serveClient)
  app.use(express.static(join(__dirname, 'public')), express.static(join(__dirname, '../public')))
  app.all(
    '/ws',
    webSocketHandler(async (webSocket) => {
      void latest.serve(webSocket)
      // The page only sends pings and its Close frame. The pings need no answer, because the values are signs of life.
      for await (const _message of webSocket);
    }),
  )
  return app
}
