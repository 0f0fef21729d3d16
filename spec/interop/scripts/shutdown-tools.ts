import http from 'node:http'
import type { Server } from 'node:http'
import { createTerminus } from '@godaddy/terminus'
import express from 'express'
import { attachWebSockets, useWebSockets } from 'express-use-websockets'
import gracefulShutdown from 'http-graceful-shutdown'
import { createHttpTerminator } from 'http-terminator'
import stoppable from 'stoppable'
import { listenForHttp1 } from '../../support/http1-server.ts'

/*
 * A server that a tool shuts down on SIGTERM. Its arguments are the tool, the way of serving, and whether the WebSockets are closed first. Prints its
 * port, and `closed` when it has stopped listening. It does not end itself: the tool ends it, or it has nothing left to do.
 * `spec/interop/shutdown-tools.spec.ts` runs it.
 */

const [tool = '', serving, hook] = process.argv.slice(2)
const webSockets = useWebSockets()
const app = express()
app.use(webSockets)
app.all('/ws', async (req, _res, next) => {
  try {
    await using webSocket = await req.webSockets.acceptWebSocketAsync()
    for await (const message of webSocket) await webSocket.sendAsync(message)
  } catch (error) {
    next(error)
  }
})
app.use((_error: Error, _req: express.Request, res: express.Response, _next: express.NextFunction) => void res.status(500).end())

const GRACE = 300

async function before(): Promise<void> {
  if (hook === 'closeAsync()') await webSockets.closeAsync({ timeout: GRACE })
}

const tools: Record<string, (server: Server) => void> = {
  stoppable(server) {
    const stoppableServer = stoppable(server, GRACE)
    process.once('SIGTERM', () => void before().then(() => stoppableServer.stop()))
  },
  'http-terminator'(server) {
    const terminator = createHttpTerminator({ server, gracefulTerminationTimeout: GRACE })
    process.once('SIGTERM', () => void before().then(() => terminator.terminate()))
  },
  'http-graceful-shutdown': (server) =>
    void gracefulShutdown(server, { signals: 'SIGTERM', timeout: GRACE, forceExit: false, preShutdown: before }),
  '@godaddy/terminus': (server) => void createTerminus(server, { timeout: GRACE, useExit0: true, beforeShutdown: before }),
  // It replaces the application among the listeners of the server.
  '@godaddy/terminus with health checks': (server) =>
    void createTerminus(server, {
      timeout: GRACE,
      useExit0: true,
      beforeShutdown: before,
      healthChecks: { '/health': () => Promise.resolve() },
    }),
}

const server = http.createServer(app)
tools[tool]?.(server)
if (serving === 'attached') {
  server.on('upgrade', () => undefined)
  attachWebSockets(server, app, { filter: ({ url }) => url === '/ws' })
}
server.on('close', () => console.log('closed'))
void listenForHttp1(server, false).then(({ port }) => console.log(port))
