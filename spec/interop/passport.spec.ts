import { afterEach, describe, expect, it } from '@jest/globals'
import express from 'express'
import type { Express, NextFunction, Request, Response } from 'express'
import { useWebSockets, webSocketHandler } from 'express-use-websockets'
import { requestWebSocket } from 'express-use-websockets/testing'
import session from 'express-session'
import { Passport, Strategy } from 'passport'
import { closeHttp1Peers } from '../support/http1-peers.ts'
import { startHttp1Server } from '../support/http1-server.ts'
import { nextMessage, openWebSocket, refusedWebSocket } from '../support/web-socket-client.ts'

declare global {
  namespace Express {
    interface User {
      readonly name: string
    }
  }
}

afterEach(closeHttp1Peers)

/** Accepts every token that is a name. */
class TokenStrategy extends Strategy {
  override name = 'token'

  override authenticate(request: Request): void {
    const [, name] = /^Bearer (\w+)$/.exec(request.headers.authorization ?? '') ?? []
    if (name === undefined) this.fail('Bearer realm="users"', 401)
    else this.success({ name })
  }
}

function createApp(): Express {
  const passport = new Passport()
  passport.use(new TokenStrategy())
  passport.serializeUser((user, done) => done(null, user.name))
  passport.deserializeUser((name: string, done) => done(null, { name }))
  const app = express()
  app.use(useWebSockets())
  app.use(session({ secret: 'secret', resave: false, saveUninitialized: false }))
  app.use(passport.session())
  app.post('/login', passport.authenticate('token'), (_req, res) => void res.sendStatus(204))
  app.all('/by-session', requireUser, greeting)
  app.all('/by-token', passport.authenticate('token', { session: false }), greeting)
  return app
}

function requireUser(req: Request, res: Response, next: NextFunction): void {
  if (req.isAuthenticated()) next()
  else res.status(401).send('Log in first')
}

const greeting = webSocketHandler(async (webSocket, request: Request) => webSocket.sendAsync(`hello ${request.user?.name}`))

async function logIn(port: number): Promise<string> {
  const response = await fetch(`http://127.0.0.1:${port}/login`, { method: 'POST', headers: { authorization: 'Bearer Ada' } })
  return response.headers.get('set-cookie')?.split(';', 1)[0] ?? ''
}

describe('Passport and express-session', () => {
  it('accept a handshake with the cookie of a login, and answer 401 to others', async () => {
    const server = await startHttp1Server(createApp())
    expect(await refusedWebSocket(server, '/by-session')).toMatchObject({ status: 401, body: 'Log in first' })
    const cookie = await logIn(server.port)
    const { client } = await openWebSocket(server, '/by-session', { headers: { cookie } })
    expect(await nextMessage(client)).toBe('hello Ada')
  })

  it.each(['http/1.1', 'h2'] as const)(
    'authenticate the handshake itself over %s, with the challenge of the strategy',
    async (protocol) => {
      await using refused = await requestWebSocket(createApp(), '/by-token', { protocol })
      expect(refused).toMatchObject({ status: 401, headers: { 'www-authenticate': 'Bearer realm="users"' } })
      await using answer = await requestWebSocket(createApp(), '/by-token', { protocol, headers: { Authorization: 'Bearer Ada' } })
      expect(await answer.nextMessage()).toBe('hello Ada')
    },
  )
})
