import http from 'node:http'
import type { RequestListener } from 'node:http'
import type { Express, Request, Response } from 'express'
import { attachWebSockets, useWebSockets } from 'express-use-websockets'
import type { WebSocketMiddleware } from 'express-use-websockets'
import { acceptWsWebSocketAsync } from 'express-use-websockets/ws'
import { everyTransport } from '../../support/every-transport.ts'
import type { ServedApplication } from '../../support/every-transport.ts'
import { expressVersions } from '../../support/express-versions.ts'
import { Gate } from '../../support/gate.ts'
import { http1Starts, listenForHttp1 } from '../../support/http1-server.ts'
import type { Http1Server } from '../../support/http1-server.ts'
import { handshakeHead, RawHttp1Client } from '../../support/raw-http1.ts'
import { until } from '../../support/until.ts'
import { openWebSocket } from '../../support/web-socket-client.ts'

/*
 * Clients that leave during the accept, and the outcome of each, as a line of JSON. `spec/middleware/destroyed-at-any-point.spec.ts` runs it, because
 * an uncaught error ends a process.
 */

const accepts: Record<string, (req: Request) => Promise<unknown>> = {
  async acceptWebSocketAsync(req) {
    for await (const _ of await req.webSockets.acceptWebSocketAsync()) continue
  },
  acceptWsWebSocketAsync: (req) => acceptWsWebSocketAsync(req),
}

type Point = 'the origin predicate' | 'the handler' | 'a hook of end()'

interface Stay {
  readonly app: Express
  readonly webSockets: WebSocketMiddleware
  /** Resolves when the request has reached the point. */
  readonly arrived: Gate
  /** Lets the request continue. */
  readonly release: Gate
}

/** An application that holds the first WebSocket request at the point. */
function createApp(express: (typeof expressVersions)[number][1], accept: (req: Request) => Promise<unknown>, point: Point): Stay {
  const arrived = new Gate()
  const release = new Gate()
  let isFirst = true
  const stay = async (here: Point, path: string): Promise<void> => {
    if (here !== point || path !== '/slow' || !isFirst) return
    isFirst = false
    arrived.open()
    await release.opened
  }
  const webSockets = useWebSockets({
    maxConnections: 1,
    allowedOrigins: async (_origin, request) => {
      await stay('the origin predicate', request.url ?? '')
      return true
    },
  })
  const app = express()
  app.get('/first', (_req, res) => {
    arrived.open()
    void release.opened.then(() => res.send('first'))
  })
  app.use(webSockets)
  app.all('/slow', (req, res, next) => {
    if (point === 'a hook of end()') hookEnd(res, () => stay(point, req.url))
    void stay('the handler', req.url)
      .then(() => accept(req))
      .then(undefined, next)
  })
  return { app, webSockets, arrived, release }
}

function hookEnd(res: Response, stay: () => Promise<void>): void {
  const { end } = res as unknown as Record<'end', (...values: unknown[]) => unknown>
  Object.assign(res, {
    end(...values: unknown[]) {
      void stay().then(() => end.apply(res, values))
      return res
    },
  })
}

const faults: string[] = []
process.on('uncaughtException', (error) => faults.push(`uncaught: ${String(error.stack)}`))
process.on('unhandledRejection', (error) => faults.push(`unhandled: ${String((error as Error).stack)}`))
// The default error handler prints errors.
console.error = () => undefined

/** Connects a new client when the place is free. */
async function isOpenForNext(open: () => Promise<{ close(code: number): void }>): Promise<boolean> {
  const deadline = performance.now() + 3000
  while (performance.now() < deadline) {
    const client = await open().catch(() => undefined)
    client?.close(1000)
    if (client !== undefined) return true
  }
  return false
}

async function report(webSockets: WebSocketMiddleware, facts: object, isOpen: boolean): Promise<void> {
  await until(() => webSockets.connections === 0)
  await new Promise(setImmediate)
  process.stdout.write(`${JSON.stringify({ ...facts, isOpen, faults: faults.splice(0) })}\n`)
}

const ORIGIN = { origin: 'https://a.example' }

async function playAttempt(served: ServedApplication, { webSockets, arrived, release }: Stay, when: string, facts: object): Promise<void> {
  const attempt = served.attempt('/slow', ORIGIN)
  await arrived.opened
  attempt.vanish()
  // Over another connection or stream, so that the server has had time to see it.
  await served.fetch('/nowhere')
  if (when === 'is let go on') release.open()
  await report(webSockets, facts, await isOpenForNext(() => served.open('/slow', ORIGIN)))
}

const servers: Record<string, (app: RequestListener) => Promise<Http1Server>> = {
  ...Object.fromEntries(http1Starts),
  async 'attachWebSockets()'(app) {
    const server = http.createServer(app)
    server.on('upgrade', () => undefined)
    attachWebSockets(server, app, { filter: () => true })
    return listenForHttp1(server, false)
  },
}

const leaves: Record<string, (client: RawHttp1Client) => void> = {
  FIN: ({ socket }) => void socket.end(),
  'FIN, and a reset': ({ socket }) => void socket.destroy(),
  'a reset': ({ socket }) => void ('encrypted' in socket ? socket.destroy() : socket.resetAndDestroy()),
}

async function playRaw(
  server: Http1Server,
  { webSockets, arrived, release }: Stay,
  isPipelined: boolean,
  way: string,
  facts: object,
): Promise<void> {
  const client = await RawHttp1Client.connect(server)
  client.write(isPipelined ? 'GET /first HTTP/1.1\r\nHost: a\r\n\r\n' : '', handshakeHead({ Origin: ORIGIN.origin }, 'GET /slow HTTP/1.1'))
  await arrived.opened
  leaves[way]?.(client)
  const isGone = client.end()
  // Over another connection, so that the server has had time to see it.
  const other = await RawHttp1Client.connect(server)
  other.write('GET /nowhere HTTP/1.1\r\nHost: a\r\n\r\n')
  await other.receiveHead()
  release.open()
  await isGone
  const open = async () => (await openWebSocket(server, '/slow', { headers: ORIGIN })).client
  await report(webSockets, facts, await isOpenForNext(open))
}

async function playAll(): Promise<void> {
  const points: readonly Point[] = ['the origin predicate', 'the handler', 'a hook of end()']
  for (const [version, express] of expressVersions) {
    for (const [acceptName, accept] of Object.entries(accepts)) {
      for (const point of points) {
        for (const [transport, serve] of everyTransport) {
          for (const when of ['is let go on', 'waits for ever']) {
            const stay = createApp(express, accept, point)
            await playAttempt(await serve(stay.app), stay, when, { version, acceptName, point, transport, when })
          }
        }
      }
      for (const [transport, serve] of Object.entries(servers)) {
        for (const way of Object.keys(leaves)) {
          for (const point of [...points, 'behind another response'] as const) {
            const isPipelined = point === 'behind another response'
            const stay = createApp(express, accept, isPipelined ? 'a hook of end()' : point)
            await playRaw(await serve(stay.app), stay, isPipelined, way, { version, acceptName, point, transport, way })
          }
        }
      }
    }
  }
}

void playAll().then(
  () => process.exit(),
  (error: unknown) => {
    process.stderr.write(String((error as Error).stack))
    process.exit(1)
  },
)
