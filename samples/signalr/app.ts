import { dirname, join } from 'node:path'
import express from 'express'
import type { Express } from 'express'
import { useWebSockets } from 'express-use-websockets'
import { Hub } from './hub.ts'
import { mapHub } from './map-hub.ts'

/** Creates an app with a page at `/` and a chat hub at `/chat` for SignalR clients. */
export function createSignalrApp(): Express {
  const hub: Hub = new Hub({
    Add: (_client, a, b) => Number(a) + Number(b),
    SendMessage: (_client, user, message) => hub.sendToAll('ReceiveMessage', String(user), String(message)),
  })
  const app = express()
  app.use(useWebSockets())
  app.use('/signalr', express.static(join(dirname(require.resolve('@microsoft/signalr/package.json')), 'dist/browser')))
  app.use(express.static(join(__dirname, 'public')), express.static(join(__dirname, '../public')))
  mapHub(app, '/chat', hub)
  return app
}
