import type { IncomingMessage } from 'node:http'
import express from 'express'
import type { Express, Request, Response } from 'express'
import { useWebSockets } from 'express-use-websockets'

/** The data that an application got on one connection. */
export interface Witness {
  /** The method and the path of each request, in order. */
  readonly requests: string[]
  /** The bodies by path, as far as they were read. */
  readonly bodies: Map<string, string>
  /** The text messages of WebSockets. */
  readonly messages: string[]
}

/** An application for pipelines that records its observations. */
export interface PipelineApp {
  readonly app: Express
  /** The observations by the port of the client. */
  readonly witnesses: Map<number | undefined, Witness>
}

/** @param isLate - whether an asynchronous middleware comes before `useWebSockets()`. */
export function createPipelineApp(isLate: boolean): PipelineApp {
  const witnesses: PipelineApp['witnesses'] = new Map()
  const app = express()
  app.disable('etag')
  app.use((req, _res, next) => {
    witnessOf(req, witnesses).requests.push(`${req.method} ${req.url}`)
    if (isLate) setImmediate(next)
    else next()
  })
  app.use(useWebSockets({ keepAliveInterval: 0 }))
  app.all('/late/:id', (req, res) => void readBody(req, res, witnessOf(req, witnesses)))
  for (const delay of ['', '-late']) {
    app.all(`/refuse${delay}/:id`, (_req, res) => when(delay, () => res.status(401).send('refused')))
    app.all(`/accept${delay}/:id`, (req, res) => when(delay, () => void accept(req, res, witnessOf(req, witnesses))))
  }
  app.use((req, res) => void res.send(`answer to ${req.url}`))
  return { app, witnesses }
}

function when(delay: string, act: () => void): void {
  if (delay === '') act()
  else setImmediate(act)
}

function witnessOf({ socket: { remotePort } }: IncomingMessage, witnesses: PipelineApp['witnesses']): Witness {
  const witness = witnesses.get(remotePort) ?? { requests: [], bodies: new Map<string, string>(), messages: [] }
  witnesses.set(remotePort, witness)
  return witness
}

async function readBody(req: Request, res: Response, { bodies }: Witness): Promise<void> {
  try {
    for await (const chunk of req) bodies.set(req.url, (bodies.get(req.url) ?? '') + (chunk as Buffer).toString('latin1'))
    res.send(`answer to ${req.url}`)
  } catch {
    // The connection has ended.
  }
}

async function accept(req: Request, res: Response, { messages }: Witness): Promise<void> {
  if (!req.webSockets.isWebSocketRequest) return void res.status(400).send(req.webSockets.refusal)
  try {
    await using webSocket = await req.webSockets.acceptWebSocketAsync()
    for await (const message of webSocket) messages.push(String(message))
  } catch {
    // The client leaves without a Close frame.
  }
}
