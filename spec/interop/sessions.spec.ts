import { afterEach, describe, expect, it } from '@jest/globals'
import compression from 'compression'
import type { Express, NextFunction, Request, RequestHandler, Response } from 'express'
import session, { MemoryStore } from 'express-session'
import type { SessionData } from 'express-session'
import { useWebSockets } from 'express-use-websockets'
import { everyTransport } from '../support/every-transport.ts'
import { expressVersions } from '../support/express-versions.ts'
import { Gate } from '../support/gate.ts'
import { closeHttp1Peers } from '../support/http1-peers.ts'
import { closeHttp2Peers } from '../support/http2-peers.ts'
import { until } from '../support/until.ts'

declare module 'express-session' {
  interface SessionData {
    user: string
    visits: number
  }
}

afterEach(async () => {
  closeHttp1Peers()
  await closeHttp2Peers()
})

/** A slow session store, which can be told to fail or not to answer. */
class SlowStore extends MemoryStore {
  mood: 'well' | 'failing' | 'failing at once' | 'silent' = 'well'
  readonly asked = new Gate()

  override set(id: string, data: SessionData, callback: (error?: unknown) => void): void {
    this.asked.open()
    if (this.mood === 'failing at once') callback(new Error('The store has failed'))
    if (this.mood === 'failing') setTimeout(callback, 1, new Error('The store has failed'))
    if (this.mood === 'well') setTimeout(() => super.set(id, data, callback), 1)
  }
}

const positions = ['before useWebSockets()', 'behind useWebSockets()', 'behind useWebSockets() and compression()'] as const

describe.each(expressVersions)('express-session, on %s', (_version, express) => {
  describe.each(everyTransport)('over %s', (_name, serve) => {
    function createApp(
      store: MemoryStore,
      position: (typeof positions)[number],
      { resave = false, outcomes = [] }: { resave?: boolean; outcomes?: string[] } = {},
    ): Express {
      const sessions = session({ secret: 'secret', resave, saveUninitialized: false, store })
      const chains: Record<(typeof positions)[number], RequestHandler[]> = {
        'before useWebSockets()': [sessions, useWebSockets()],
        'behind useWebSockets()': [useWebSockets(), sessions],
        'behind useWebSockets() and compression()': [useWebSockets(), compression({ threshold: 0 }), sessions],
      }
      const app = express()
      app.use(...chains[position])
      app.get('/log-in', (req, res) => {
        req.session.user = 'Ada'
        res.send('in')
      })
      app.get('/log-out', (req, res, next) => {
        req.session.destroy((error) => {
          if (error) next(error)
          else res.send('out')
        })
      })
      app.get('/me', (req, res) => void res.sendStatus(req.session.user === undefined ? 401 : 200))
      app.all('/ws', async (req, res, next) => {
        if (req.query['visit'] !== undefined) req.session.visits = (req.session.visits ?? 0) + 1
        try {
          const webSocket = await req.webSockets.acceptWebSocketAsync()
          outcomes.push('accepted')
          res.on('close', () => outcomes.push('closed'))
          await webSocket.sendAsync(`${req.session.user}`)
          const { closeStatus } = await webSocket.receiveAsync(Buffer.alloc(10))
          await webSocket.closeAsync(closeStatus ?? 1000)
        } catch (error) {
          outcomes.push((error as { code: string }).code)
          next(error)
        }
      })
      app.use((error: Error, _req: Request, res: Response, _next: NextFunction) => {
        outcomes.push(`error page: ${error.message}`)
        res.status(500).json({ error: error.message })
      })
      return app
    }

    it.each(
      positions.flatMap((position) => [true, false].flatMap((resave) => ['', '?visit'].map((query) => [position, resave, query] as const))),
    )(
      'stays destroyed if the user logs out elsewhere before the WebSocket closes: %s, resave %s, /ws%s',
      async (position, resave, query) => {
        const store = new SlowStore()
        const outcomes: string[] = []
        const served = await serve(createApp(store, position, { resave, outcomes }))
        const { cookie } = await served.fetch('/log-in')
        const client = await served.open(`/ws${query}`, { cookie })
        // Changed before the accept, so it is stored before the client gets the 101.
        const stored = JSON.stringify((store as unknown as { sessions: object }).sessions)
        expect(stored.includes('visits\\":1')).toBe(query !== '')
        expect((await served.fetch('/me', { cookie })).status).toBe(200)
        await served.fetch('/log-out', { cookie })
        expect((await served.fetch('/me', { cookie })).status).toBe(401)
        client.close(1000)
        await client.closed
        await until(() => outcomes.includes('closed'))
        // The store takes the same time for each operation, so anything stored at the end of the response precedes this.
        await new Promise((resolve) => store.set('later', {} as SessionData, resolve))
        expect((await served.fetch('/me', { cookie })).status).toBe(401)
      },
    )

    it.each(positions.flatMap((position) => (['failing', 'failing at once'] as const).map((mood) => [position, mood] as const)))(
      'rejects the accept if the store fails: %s, %s',
      async (position, mood) => {
        const store = new SlowStore()
        const outcomes: string[] = []
        const served = await serve(createApp(store, position, { outcomes }))
        const { cookie } = await served.fetch('/log-in')
        store.mood = mood
        const refusal = await served.open('/ws?visit', { cookie }).then(
          () => 'opened',
          () => 'refused',
        )
        expect(refusal).toBe('refused')
        await until(() => outcomes.length >= 2)
        expect(outcomes).toContain('error page: The store has failed')
        expect(outcomes).not.toContain('accepted')
      },
    )

    it.each(positions)('does not accept while the store does not answer, and rejects when the client leaves: %s', async (position) => {
      const store = new SlowStore()
      const outcomes: string[] = []
      const served = await serve(createApp(store, position, { outcomes }))
      const { cookie } = await served.fetch('/log-in')
      store.mood = 'silent'
      const asked = new Gate()
      store.set = () => asked.open()
      const attempt = served.attempt('/ws?visit', { cookie })
      await asked.opened
      attempt.vanish()
      await until(() => outcomes.length > 0)
      expect(outcomes[0]).toBe('ERR_WEBSOCKET_CLIENT_GONE')
    })
  })
})
