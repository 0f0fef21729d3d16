import { once } from 'node:events'
import type { Express, NextFunction, Request, Response } from 'express'
import { useWebSockets } from 'express-use-websockets'
import type { WebSocketMiddleware } from 'express-use-websockets'
import { acceptWsWebSocketAsync } from 'express-use-websockets/ws'
import { everyTransport } from '../../support/every-transport.ts'
import type { ServedApplication } from '../../support/every-transport.ts'
import { expressVersions } from '../../support/express-versions.ts'
import { Gate } from '../../support/gate.ts'
import { until } from '../../support/until.ts'

/*
 * Applications that destroy parts of a request at every point, and the outcome of each, as a line of JSON.
 * `spec/middleware/destroyed-at-any-point.spec.ts` runs it, because an uncaught error ends a process.
 */

interface Exchange {
  readonly req: Request
  readonly res: Response
  readonly next: NextFunction
}

const harms: Record<string, (exchange: Exchange) => void> = {
  'req.destroy()': ({ req }) => void req.destroy(),
  'req.destroy(error)': ({ req }) => void req.destroy(new Error('of the app')),
  'res.destroy()': ({ res }) => void res.destroy(),
  'res.destroy(error)': ({ res }) => void res.destroy(new Error('of the app')),
  'req.socket.destroy()': ({ req }) => void req.socket.destroy(),
  'req.socket.destroy(error)': ({ req }) => void req.socket.destroy(new Error('of the app')),
  'res.end()': ({ res }) => void res.end(),
  'res.end(), twice': ({ res }) => void res.end().end(),
  'next(error)': ({ next }) => next(new Error('of the app')),
}

/** Cases that Node itself does not support before a response is inert. */
const laterHarms: typeof harms = {
  'two answers': ({ res }) => void res.end('once').end('twice'),
  'an answer, and one of Express': ({ res }) => {
    res.end('once')
    res.status(500).json('twice')
  },
}

const points = [
  'before the accept',
  'in a hook of end()',
  'behind a hook of end()',
  'in a hook of writeHead()',
  'between the accept and its await',
  'right after the accept',
  'in the conversation',
  'after the completion',
] as const

type Point = (typeof points)[number]

/** Accepts a socket and uses it until it has completed. */
const accepts: Record<string, (req: Request, at: (point: Point) => void) => Promise<void>> = {
  async acceptWebSocketAsync(req, at) {
    const accepting = req.webSockets.acceptWebSocketAsync()
    at('between the accept and its await')
    const webSocket = await accepting
    at('right after the accept')
    for await (const _ of webSocket) at('in the conversation')
    await webSocket.closeOutputAsync()
    await webSocket.completion
  },
  async acceptWsWebSocketAsync(req, at) {
    const accepting = acceptWsWebSocketAsync(req)
    at('between the accept and its await')
    const ws = await accepting
    at('right after the accept')
    ws.on('message', () => at('in the conversation'))
    await once(ws, 'close')
  },
}

/** Runs an action once in a hook of the response, like middleware of others. */
function hook(res: Response, at: (point: Point) => void): void {
  const { end, writeHead } = res as unknown as Record<string, (...values: unknown[]) => unknown>
  let count = 0
  Object.assign(res, {
    end(this: Response, ...values: unknown[]) {
      if (++count > 1) return end?.apply(this, values)
      at('in a hook of end()')
      // Like a session that is being saved.
      setImmediate(() => {
        at('behind a hook of end()')
        end?.apply(this, values)
      })
      return this
    },
    writeHead(this: Response, ...values: unknown[]) {
      at('in a hook of writeHead()')
      return writeHead?.apply(this, values)
    },
  })
}

interface Harm {
  readonly point: Point
  readonly act: (exchange: Exchange) => void
  readonly accept: (req: Request, at: (point: Point) => void) => Promise<void>
  readonly isDone: Gate
}

function createApp(express: (typeof expressVersions)[number][1], webSockets: WebSocketMiddleware, harm: Harm): Express {
  const { point, act, accept, isDone } = harm
  const app = express()
  app.use(webSockets)
  app.all('/harmed', async (req, res, next) => {
    let hasActed = false
    const at = (here: Point): void => {
      if (here !== point || hasActed) return
      hasActed = true
      act({ req, res, next })
    }
    if (point.includes('hook')) hook(res, at)
    try {
      at('before the accept')
      await accept(req, at)
      at('after the completion')
    } catch (error) {
      next(error)
    } finally {
      isDone.open()
    }
  })
  app.all('/calm', async (req) => {
    await using webSocket = await req.webSockets.acceptWebSocketAsync()
    for await (const _ of webSocket) continue
  })
  return app
}

const faults: string[] = []
process.on('uncaughtException', (error) => faults.push(`uncaught: ${String(error.stack)}`))
process.on('unhandledRejection', (error) => faults.push(`unhandled: ${String((error as Error).stack)}`))
// The default error handler prints errors.
console.error = () => undefined

/** Plays one case, and returns the close code of the next client. */
async function play(served: ServedApplication, webSockets: WebSocketMiddleware, isDone: Gate): Promise<number> {
  const opening = served.open('/harmed').catch(() => undefined)
  const client = await Promise.race([opening, isDone.opened.then(() => undefined)])
  client?.send('go')
  client?.close(1000)
  let isThrough = false
  void isDone.opened.then(() => (isThrough = true))
  await until(() => isThrough)
  void opening.then((late) => late?.vanish())
  await until(() => webSockets.connections === 0)
  return openNext(served)
}

/** The place is free again when the connection has ended. No event reports this. */
async function openNext(served: ServedApplication): Promise<number> {
  const deadline = performance.now() + 3000
  for (;;) {
    try {
      const next = await served.open('/calm')
      next.close(1000)
      return await next.closed
    } catch (error) {
      if (performance.now() > deadline) throw error
    }
  }
}

async function playAll(): Promise<void> {
  for (const [version, express] of expressVersions) {
    for (const [transport, serve] of everyTransport) {
      for (const [acceptName, accept] of Object.entries(accepts)) {
        for (const point of points) {
          for (const [harm, act] of Object.entries(harmsAt(point))) {
            const isDone = new Gate()
            const webSockets = useWebSockets({ maxConnections: 1 })
            const served = await serve(createApp(express, webSockets, { point, act, accept, isDone }))
            const next = await play(served, webSockets, isDone).catch(String)
            await until(() => webSockets.connections === 0)
            await new Promise(setImmediate)
            const outcome = { next, faults: faults.splice(0) }
            process.stdout.write(`${JSON.stringify({ version, transport, acceptName, point, harm, ...outcome })}\n`)
          }
        }
      }
    }
  }
}

function harmsAt(point: Point): typeof harms {
  if (point.startsWith('in a hook')) return { ...harms, throw: fail }
  return points.indexOf(point) >= points.indexOf('right after the accept') ? { ...harms, ...laterHarms } : harms
}

function fail(): void {
  throw new Error('of a hook')
}

void playAll().then(
  () => process.exit(),
  (error: unknown) => {
    process.stderr.write(String((error as Error).stack))
    process.exit(1)
  },
)
