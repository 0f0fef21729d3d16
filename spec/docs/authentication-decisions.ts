import { expect } from '@jest/globals'
import express from 'express'
import type { Express, RequestHandler } from 'express'
import session from 'express-session'
import { useWebSockets, webSocketHandler } from 'express-use-websockets'
import { requestWebSocket } from 'express-use-websockets/testing'
import { startHttp1Server } from '../support/http1-server.ts'
import { closeOf, openWebSocket } from '../support/web-socket-client.ts'
import { withWebSocketClass } from './client-decisions.ts'
import type { Decision } from './decisions.ts'
import { expectRefusal, logIn, requireLogin } from './stage.ts'

/** The decisions for the code blocks of docs/authentication.md. */
export const authenticationDecisions: Readonly<Record<string, Decision>> = {
  'docs/authentication.md#session-cookie': async (example) => {
    const app = express()
    await example({ app, requireLogin, secret: 'cat' })
    const Cookie = await logIn(app)
    await expectWelcome(app, '/ws', { Cookie, Host: 'site.example', Origin: 'http://site.example' })
    await expectRefusal(app, 401)
    await expectRefusal(app, 403, { headers: { Cookie, Origin: 'https://attacker.example' } })
  },
  'docs/authentication.md#bearer-token': async (example) => {
    const app = express().use(useWebSockets())
    await example({ app, verifyToken })
    await expectWelcome(app, '/ws', { Authorization: 'Bearer ann.9' })
    await expectRefusal(app, 401, { headers: { Authorization: 'Bearer nonsense' } })
    await using refused = await requestWebSocket(app, '/ws')
    expect([refused.status, refused.headers['www-authenticate']]).toEqual([401, 'Bearer'])
  },
  'docs/authentication.md#bearer-token (2)': {
    cannotRun: 'needs another package, jose: the code blocks around it are run with a function like this one',
  },
  'docs/authentication.md#ticket': {
    instead: { '30_000': '200' },
    proof: async (example) => {
      const app = withSession()
      await example({ app, requireLogin })
      const Cookie = await logIn(app)
      const { port } = await startHttp1Server(app)
      const fetchTicket = async (headers: Record<string, string>): Promise<Response> =>
        fetch(`http://127.0.0.1:${port}/ticket`, { method: 'POST', headers })
      expect((await fetchTicket({})).status).toBe(401)
      const ticket = await (await fetchTicket({ Cookie })).text()
      await expectWelcome(app, `/ws?ticket=${ticket}`)
      expect(await statusOf(app, `/ws?ticket=${ticket}`)).toBe(401)
      expect(await statusOf(app, '/ws')).toBe(401)
      const forgotten = await (await fetchTicket({ Cookie })).text()
      await new Promise((resolve) => setTimeout(resolve, 200))
      expect(await statusOf(app, `/ws?ticket=${forgotten}`)).toBe(401)
    },
  },
  'docs/authentication.md#token-as-sub-protocol': { cannotRun: 'a page: the next code block is asked as it asks' },
  'docs/authentication.md#token-as-sub-protocol (2)': async (example) => {
    const app = express().use(useWebSockets())
    await example({ app, verifyToken })
    await using answer = await requestWebSocket(app, '/ws', { subProtocols: ['v1.chat', 'bearer.ann.9'] })
    expect(answer.webSocket.subProtocol).toBe('v1.chat')
    await expectRefusal(app, 401, { subProtocols: ['v1.chat', 'bearer.nonsense'] })
    await expectRefusal(app, 401, { subProtocols: ['v1.chat'] })
  },
  'docs/authentication.md#expiry-and-refresh': async (example) => {
    const app = express().use(useWebSockets())
    const exp = Date.now() / 1000 + 0.5
    const authenticate: RequestHandler = (req, _res, next) => {
      Object.assign(req, { claims: { sub: 'ann', exp } })
      next()
    }
    await example({ app, authenticate, verifyToken })
    await using expired = await requestWebSocket(app, '/ws')
    await using renewed = await requestWebSocket(app, '/ws')
    await using stolen = await requestWebSocket(app, '/ws')
    await renewed.webSocket.sendAsync(`token ann.${exp + 0.5}`)
    await stolen.webSocket.sendAsync('token bob.9')
    expect(await stolen.nextMessage()).toBe(undefined)
    expect(stolen.webSocket.closeStatus).toBe(4403)
    expect(await expired.nextMessage()).toBe(undefined)
    expect(expired.webSocket.closeStatus).toBe(4401)
    await renewed.webSocket.sendAsync('still here')
    expect(await renewed.nextMessage()).toBe('still here')
    expect(await renewed.nextMessage()).toBe(undefined)
    expect(renewed.webSocket.closeStatus).toBe(4401)
  },
  'docs/authentication.md#expiry-and-refresh (2)': {
    instead: { "'https://example.com/ticket'": '`http${address}/ticket`', 'wss://example.com/ws': 'ws${address}/ws' },
    proof: async (example) => {
      const seen: string[] = []
      let tickets = 0
      const app = express().use(useWebSockets())
      app.post('/ticket', (_req, res) => void res.type('text').send(String(++tickets)))
      const second = new Promise<void>((resolve) => {
        app.all(
          '/ws',
          webSocketHandler(async (webSocket, { url = '' }) => {
            const isFirst = seen.push(url) === 1
            await webSocket.closeAsync(isFirst ? 4401 : 1000)
            // Only after the answer of the client: otherwise it sees an aborted connection and reconnects endlessly.
            if (!isFirst) resolve()
          }),
        )
      })
      const { port } = await startHttp1Server(app)
      await withWebSocketClass(async () => Promise.all([example({ address: `://127.0.0.1:${port}` }), second]))
      expect(seen).toEqual(['/ws?ticket=1', '/ws?ticket=2'])
    },
  },
  'docs/authentication.md#log-out': async (example) => {
    const app = express()
    await example({ app, secret: 'cat' })
    app.all('/ws', async (req) => void (await req.webSockets.acceptWebSocketAsync()))
    const Cookie = await logIn(app)
    const server = await startHttp1Server(app)
    const { client } = await openWebSocket(server, '/ws', { headers: { Cookie } })
    const closed = closeOf(client)
    const answer = await fetch(`http://127.0.0.1:${server.port}/users/ann`, { method: 'DELETE' })
    expect([await answer.text(), (await closed)[0]]).toEqual(['1 WebSockets closed', 1008])
  },
}

/** Accepts `ann.9` as a token of ann that expires at 9. */
async function verifyToken(token: string): Promise<{ readonly sub: string; readonly exp: number }> {
  const [, sub, exp] = /^(ann|bob)\.([\d.]+)$/.exec(token) ?? []
  if (sub === undefined) throw new Error(`not a token: ${token}`)
  return { sub, exp: Number(exp) }
}

function withSession(): Express {
  return express().use(useWebSockets(), session({ secret: 'cat', resave: false, saveUninitialized: false }))
}

async function expectWelcome(app: Express, path: string, headers: Record<string, string> = {}): Promise<void> {
  await using answer = await requestWebSocket(app, path, { headers })
  expect(await answer.nextMessage()).toBe('Welcome, ann')
  await answer.webSocket.sendAsync('text')
  expect(await answer.nextMessage()).toBe('text')
}

async function statusOf(app: Express, path: string): Promise<number> {
  await using answer = await requestWebSocket(app, path)
  return answer.status
}
