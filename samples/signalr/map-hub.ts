import { randomUUID } from 'node:crypto'
import type { Express, Request } from 'express'
import { webSocketHandler } from 'express-use-websockets'
import type { Hub } from './hub.ts'

/** Serves a hub at a path, like `MapHub` of ASP.NET Core: the negotiation of SignalR and the WebSocket. */
export function mapHub(app: Express, path: string, hub: Hub): void {
  app.post(`${path}/negotiate`, (_req, res) => {
    const connectionId = randomUUID()
    const availableTransports = [{ transport: 'WebSockets', transferFormats: ['Text'] }]
    res.json({ negotiateVersion: 1, connectionId, connectionToken: connectionId, availableTransports })
  })
  app.all(
    path,
    webSocketHandler<Request>(async (webSocket) => hub.serve(webSocket)),
  )
}
