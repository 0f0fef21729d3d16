import { expect } from '@jest/globals'
import { Console } from 'node:console'
import { once } from 'node:events'
import { PassThrough } from 'node:stream'
import express from 'express'
import type { Express, RequestHandler } from 'express'
import { useWebSockets } from 'express-use-websockets'
import type { ManagedWebSocket, WebSocketAcceptContext } from 'express-use-websockets'
import { requestWebSocket } from 'express-use-websockets/testing'
import type { WebSocketTestAnswer, WebSocketTestOptions } from 'express-use-websockets/testing'
import { startHttp1Server } from '../support/http1-server.ts'

/** Runs a code block with the names that it uses, and returns its declarations for other code. */
export type Example = (given?: Readonly<Record<string, unknown>>) => Promise<unknown>

/** An application with the code block as its route `/ws`. */
export function inRoute(example: Example, given: Readonly<Record<string, unknown>> = {}): Express {
  const app = express().use(useWebSockets())
  return app.all('/ws', async (req, res) => {
    await example({ req, res, ...given })
  })
}

/** A running code block with an accepted WebSocket. */
export interface OnSocket {
  readonly app: Express
  /** Settles like the code block. */
  readonly outcome: Promise<unknown>
}

/** An application that runs the code block with the first WebSocket that it accepts, and then releases that WebSocket. */
export function onSocket(example: Example, given: Readonly<Record<string, unknown>> = {}, context: WebSocketAcceptContext = {}): OnSocket {
  const app = express().use(useWebSockets())
  const outcome = new Promise((resolve) => {
    app.all('/ws', async (req) => {
      await using webSocket = await req.webSockets.acceptWebSocketAsync(context)
      const end = example({ req, webSocket, ...given })
      resolve(end)
      await end
    })
  })
  return { app, outcome }
}

/** Checks that the application echoes text as text and bytes as bytes, at `/ws` or another path, and answers a close. */
export async function expectEcho(app: Express, path = '/ws', options: WebSocketTestOptions = {}): Promise<void> {
  await using answer = await requestWebSocket(app, path, options)
  await answer.webSocket.sendAsync('text')
  expect(await answer.nextMessage()).toBe('text')
  await answer.webSocket.sendAsync(Buffer.from([0, 255]))
  expect(await answer.nextMessage()).toEqual(Buffer.from([0, 255]))
  await answer.webSocket.closeAsync(1000)
  expect(answer.webSocket.closeStatus).toBe(1000)
}

/** Checks that the request is refused with this status. Resolves with the body of the answer. */
export async function expectRefusal(app: Express, status: number, options: WebSocketTestOptions = {}): Promise<string> {
  await using answer = await requestWebSocket(app, '/ws', options)
  expect(answer.status).toBe(status)
  return answer.body
}

/** Subscribes this many clients, runs `publish` with their sockets, and resolves with the first message of each client. */
export async function withSubscribers(
  count: number,
  publish: (subscribers: Set<ManagedWebSocket>) => Promise<unknown>,
): Promise<(string | Buffer | undefined)[]> {
  const subscribers = new Set<ManagedWebSocket>()
  const app = express().use(useWebSockets())
  app.all('/ws', async (req) => {
    subscribers.add(await req.webSockets.acceptWebSocketAsync())
  })
  const answers = await Promise.all(Array.from({ length: count }, () => requestWebSocket(app, '/ws')))
  await publish(subscribers)
  const received = await Promise.all(answers.map((answer: WebSocketTestAnswer) => answer.nextMessage()))
  await Promise.all(answers.map((answer) => answer.closeAsync()))
  return received
}

/** A middleware for examples that need a login: it accepts a user with a session. */
export const requireLogin: RequestHandler = (req, res, next) => {
  if ((req as { readonly session?: { readonly user?: string } }).session?.user === undefined) res.status(401).end('Log in first')
  else next()
}

/** Logs in, with the session of the code block, and resolves with the cookie. */
export async function logIn(app: Express): Promise<string> {
  app.get('/login', (req, res) => {
    ;(req as unknown as { session: { user: string } }).session.user = 'ann'
    res.end()
  })
  const { port } = await startHttp1Server(app)
  const { headers } = await fetch(`http://127.0.0.1:${port}/login`)
  return headers.getSetCookie().map((cookie) => cookie.split(';', 1)[0])[0] ?? ''
}

/** A console for examples, and the lines that they have printed. */
export class Printer {
  readonly #output = new PassThrough({ encoding: 'utf8' })
  readonly console = new Console(this.#output)

  /** Waits for the next line. */
  async line(): Promise<string> {
    for (;;) {
      const text = (this.#output.read() ?? '') as string
      this.#text += text
      const end = this.#text.indexOf('\n')
      if (end >= 0) {
        const line = this.#text.slice(0, end)
        this.#text = this.#text.slice(end + 1)
        return line
      }
      await once(this.#output, 'readable')
    }
  }

  #text = ''
}
