import http from 'node:http'
import type { RequestListener } from 'node:http'
import { setTimeout as wait } from 'node:timers/promises'
import type { Express, NextFunction, Request, Response } from 'express'
import { attachWebSockets, useWebSockets } from 'express-use-websockets'
import { Server as SocketIoServer } from 'socket.io'
import { expressVersions } from '../../support/express-versions.ts'
import { listenForHttp1, startHttp1Server, startHttpsServer } from '../../support/http1-server.ts'
import type { Http1Server } from '../../support/http1-server.ts'
import { until } from '../../support/until.ts'
import { nextMessage, openWebSocket } from '../../support/web-socket-client.ts'

/** The record of a tracer for one request. */
export interface Trace {
  readonly name: string
  readonly status: unknown
  readonly isEnded: boolean
}

/** A started tracer. */
export interface Tracer {
  /** The active trace or span. */
  active(): object | undefined
  describe(trace: object): Trace
  /** The number of requests to a server that have ended. */
  countEnded(): number
}

/** Every path from HTTP/1.1 to an application, for a tracer. */
const servings: Record<string, (app: Express) => Promise<Http1Server>> = {
  plain: startHttp1Server,
  'plain, by TLS': startHttpsServer,
  'attached, the app listens': (app) => startAttached(app, app, (server) => server.on('upgrade', ignore)),
  'attached, beside socket.io': (app) => startAttached(app, app, (server) => void new SocketIoServer(server)),
  'attached, behind another listener': (app) => startAttached(app, (...values) => app(...values), ignore),
}

async function startAttached(app: Express, listener: RequestListener, occupy: (server: http.Server) => void): Promise<Http1Server> {
  const server = http.createServer(listener)
  occupy(server)
  attachWebSockets(server, app, { filter: ({ url }) => url?.startsWith('/ws') === true })
  return listenForHttp1(server, false)
}

function ignore(): void {}

/**
 * Opens a WebSocket in every way under a tracer, prints the record of each as a line of JSON, and ends the process. `spec/interop/tracing.spec.ts`
 * runs it, because tracers patch `node:http` permanently.
 */
export async function traceWebSockets(tracer: Tracer): Promise<void> {
  for (const [version, express] of expressVersions) {
    for (const [serving, serve] of Object.entries(servings)) {
      for (const ending of ['closed', 'cut']) {
        const outcome = await traceOne(tracer, express, serve, ending)
        process.stdout.write(`${JSON.stringify({ version, serving, ending, ...outcome })}\n`)
      }
    }
  }
  process.exit()
}

async function traceOne(
  tracer: Tracer,
  express: (typeof expressVersions)[number][1],
  serve: (app: Express) => Promise<Http1Server>,
  ending: string,
): Promise<object> {
  const seen: (object | undefined)[] = []
  const see = (): void => void seen.push(tracer.active())
  const app = express()
  app.use(useWebSockets())
  let isClosed = false
  app.all('/ws', (req, res, next) => {
    // A tracer may end its trace a tick later.
    res.once('close', () => setImmediate(() => (isClosed = true)))
    const handle = async (): Promise<void> => {
      see()
      await using webSocket = await req.webSockets.acceptWebSocketAsync()
      see()
      for await (const message of webSocket) {
        see()
        await webSocket.sendAsync(message)
        see()
        await wait(1)
        see()
      }
    }
    handle().finally(see).then(undefined, next)
  })
  app.use((_error: Error, _req: Request, res: Response, _next: NextFunction) => void res.status(500).end())
  const server = await serve(app)
  const before = tracer.countEnded()
  const { client } = await openWebSocket(server)
  for (const message of ['one', 'two']) {
    client.send(message)
    await nextMessage(client)
  }
  await until(() => seen.length === 8)
  const [trace] = seen
  const isEndedWhileOpen = trace !== undefined && tracer.describe(trace).isEnded
  if (ending === 'closed') client.close(1000)
  else client.terminate()
  await until(() => seen.length === 9 && isClosed)
  server.server.close()
  return {
    places: seen.length,
    isActiveEverywhere: trace !== undefined && seen.every((other) => other === trace),
    isEndedWhileOpen,
    endedTraces: tracer.countEnded() - before,
    ...(trace && tracer.describe(trace)),
  }
}
