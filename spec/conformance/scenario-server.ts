import { once } from 'node:events'
import http from 'node:http'
import type { Server } from 'node:http'
import type { Http2Server } from 'node:http2'
import type { AddressInfo } from 'node:net'
import express from 'express'
import type { Express } from 'express'
import { useWebSockets } from 'express-use-websockets'
import { createServer as createHttp2Server } from 'express-use-websockets/http2'
import { createScenarioHandler } from './scenario-handler.ts'
import { ScenarioLogs } from './scenario-logs.ts'

/** The ports of a scenario server. */
export interface ScenarioPorts {
  readonly h1: number
  readonly h2: number
}

/** A listening scenario server. */
export interface ScenarioServer {
  readonly ports: ScenarioPorts
  close(): void
}

/** Starts a server that plays scenarios over HTTP/1.1 and over cleartext HTTP/2. Port 0 means any free port. */
export async function startScenarioServer(ports: ScenarioPorts): Promise<ScenarioServer> {
  const app = createApp()
  // A scenario is in a header and may be long. Idle connections stay open as long as in Kestrel.
  const http1 = http.createServer({ maxHeaderSize: MAX_HEADER_SIZE, keepAliveTimeout: 130_000 }, app)
  const http2 = createHttp2Server({ settings: { maxHeaderListSize: MAX_HEADER_SIZE } }, app)
  const closeSessions = trackSessions(http2)
  return {
    ports: { h1: await listen(http1, ports.h1), h2: await listen(http2, ports.h2) },
    close() {
      http1.close()
      http1.closeAllConnections()
      http2.close()
      closeSessions()
    },
  }
}

const MAX_HEADER_SIZE = 1024 * 1024

function createApp(): Express {
  const app = express().disable('x-powered-by')
  const logs = new ScenarioLogs()
  const handler = createScenarioHandler(logs)
  app.get('/log/*id', async (request, response) => {
    response.json(await logs.find(decodeURIComponent(request.path.slice('/log/'.length))))
  })
  app.use('/default', useWebSockets(), handler)
  app.use('/origins', useWebSockets({ allowedOrigins: ['http://client.example', 'http://MiXed.example:8080'] }), handler)
  app.use('/origin-star', useWebSockets({ allowedOrigins: ['http://client.example', '*'] }), handler)
  app.use('/origin-empty', useWebSockets({ allowedOrigins: [''] }), handler)
  app.use('/keepalive-pong', useWebSockets({ keepAliveInterval: 150 }), handler)
  app.use('/keepalive-ping', useWebSockets({ keepAliveInterval: 200, keepAliveTimeout: 400 }), handler)
  app.use('/keepalive-off', useWebSockets({ keepAliveInterval: 0 }), handler)
  app.use('/none', handler)
  app.use(useWebSockets(), handler)
  return app
}

async function listen(server: Server | Http2Server, port: number): Promise<number> {
  server.listen(port, '127.0.0.1')
  await once(server, 'listening')
  return (server.address() as AddressInfo).port
}

/** The sessions of HTTP/2 clients outlive the server. */
function trackSessions(server: Http2Server): () => void {
  const ends = new Set<() => void>()
  server.on('session', (session) => {
    const end = (): void => session.destroy()
    ends.add(end)
    session.once('close', () => ends.delete(end))
  })
  return () => {
    for (const end of ends) end()
  }
}
