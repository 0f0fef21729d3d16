import { createRequire } from 'node:module'
import { join } from 'node:path'
import { setTimeout as wait } from 'node:timers/promises'
import type { ErrorRequestHandler, Express, NextFunction, Request, Response } from 'express'
import { useWebSockets, webSocketHandler } from 'express-use-websockets'
import { everyTransport } from '../../support/every-transport.ts'
import type { ServedApplication, TransportClient } from '../../support/every-transport.ts'
import { expressVersions } from '../../support/express-versions.ts'

/*
 * Combines every error page with every kind of failure, and prints each outcome as a line of JSON. `spec/interop/error-pages.spec.ts` runs it,
 * because an uncaught error ends a process.
 */

/** The error page of express-generator. */
function renderPage(err: Error & { status?: number }, req: Request, res: Response, _next: NextFunction): void {
  res.locals['message'] = err.message
  res.locals['error'] = req.app.get('env') === 'development' ? err : {}
  res.status(err.status ?? 500)
  res.render('error')
}

const errorPages: Record<string, { readonly engine?: string; readonly handler?: ErrorRequestHandler }> = {
  'pug, as of express-generator': { engine: 'pug', handler: renderPage },
  'ejs, as of express-generator': { engine: 'ejs', handler: renderPage },
  'hbs, as of express-generator': { engine: 'hbs', handler: renderPage },
  'the default one': {},
  'only next(err)': { handler: (err, _req, _res, next) => next(err) },
  'next(err) if the headers were sent': {
    handler: (err, _req, res, next) => {
      if (res.headersSent) next(err)
      else res.status(500).end()
    },
  },
  'an answer later': { handler: (err: Error, _req, res, _next) => void setTimeout(() => res.status(500).json({ error: err.message }), 1) },
  'an async one': {
    handler: async (err: Error, _req, res, _next) => {
      await wait(1)
      res.status(500).json({ error: err.message })
    },
  },
  'one that throws': {
    handler: () => {
      throw new Error('of the error handler')
    },
  },
  'a redirect': { handler: (_err, _req, res, _next) => res.redirect('/error') },
  'a file': { handler: (_err, _req, res, _next) => res.status(500).sendFile(join(__dirname, '..', 'views', 'page.html')) },
  'writeHead()': { handler: (_err, _req, res, _next) => void res.writeHead(500, { 'content-type': 'text/plain' }).end('sorry') },
  'an answer twice': {
    handler: (_err, _req, res, _next) => {
      res.status(500).send('sorry')
      res.status(500).send('sorry again')
    },
  },
}

function createApp(express: (typeof expressVersions)[number][1], name: string, logged: string[]): Express {
  const { engine, handler } = errorPages[name] ?? {}
  const app = express()
  app.set('views', join(__dirname, '..', 'views'))
  if (engine !== undefined) app.set('view engine', engine)
  if (engine === 'hbs') app.engine('hbs', createRequire(__filename)('hbs').__express as Parameters<Express['engine']>[1])
  app.use(useWebSockets())
  app.get('/page', (_req, res) => void res.send('page'))
  app.all('/loop', (req, res, next) => {
    loop(req, res).then(undefined, next)
  })
  app.all(
    '/handler',
    webSocketHandler(async (webSocket) => {
      for await (const message of webSocket) if (message === 'fail') throw new Error('of the app')
    }),
  )
  // Express changes the prototype of the response when it enters and leaves a mounted application.
  const mounted = express()
  mounted.all('/ws', (req, res, next) => {
    loop(req, res).then(undefined, next)
  })
  app.use('/mounted', mounted)
  app.use((error: Error, _req: Request, _res: Response, next: NextFunction) => {
    logged.push(error.message)
    next(error)
  })
  if (handler !== undefined) app.use(handler)
  return app
}

/** A loop without a dispose, which would end the socket before the error page. */
async function loop(req: Request, _res: Response): Promise<void> {
  const webSocket = await req.webSockets.acceptWebSocketAsync()
  const buffer = Buffer.alloc(100)
  for (;;) {
    const { count, closeStatus } = await webSocket.receiveAsync(buffer)
    if (closeStatus !== null) return
    if (buffer.toString('latin1', 0, count) === 'fail') throw new Error('of the app')
  }
}

const failures: Record<string, (client: TransportClient) => void> = {
  'the application fails': (client) => client.send('fail'),
  'the client resets the connection': (client) => client.vanish(),
  'the client sends garbage': (client) => void client.stream.write(Buffer.of(0xff, 0xff, 0xff)),
}

const faults: string[] = []
process.on('uncaughtException', (error) => faults.push(`uncaught: ${String(error)}`))
process.on('unhandledRejection', (error) => faults.push(`unhandled: ${String(error)}`))
// The default error handler prints errors.
console.error = () => undefined

async function play(served: ServedApplication, path: string, failure: string): Promise<number> {
  const client = await served.open(path)
  failures[failure]?.(client)
  return client.closed
}

async function playAll(): Promise<void> {
  for (const [version, express] of expressVersions) {
    for (const page of Object.keys(errorPages)) {
      for (const [transport, serve] of everyTransport) {
        const logged: string[] = []
        const served = await serve(createApp(express, page, logged))
        for (const path of ['/loop', '/handler', '/mounted/ws']) {
          for (const failure of Object.keys(failures)) {
            logged.length = 0
            const code = await play(served, path, failure)
            const { status } = await served.fetch('/page')
            process.stdout.write(
              `${JSON.stringify({ version, page, transport, path, failure, code, logged, status, faults: faults.splice(0) })}\n`,
            )
          }
        }
      }
    }
  }
}

/** Timers run in order: after this one, the error pages that answer later have answered. */
async function untilAnswered(): Promise<void> {
  await wait(2)
  if (faults.length > 0) throw new Error(faults.join('\n'))
}

void playAll()
  .then(untilAnswered)
  .then(
    () => process.exit(),
    (error: unknown) => {
      process.stderr.write(String((error as Error).stack))
      process.exit(1)
    },
  )
