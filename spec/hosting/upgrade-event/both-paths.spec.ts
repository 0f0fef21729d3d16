import { afterEach, describe, expect, it } from '@jest/globals'
import { once } from 'node:events'
import { createServer, IncomingMessage, ServerResponse } from 'node:http'
import type { RequestListener, Server } from 'node:http'
import { createServer as createSecureServer } from 'node:https'
import type { Duplex } from 'node:stream'
import express from 'express'
import type { Express } from 'express'
import { attachWebSockets, useWebSockets } from 'express-use-websockets'
import { closeHttp1Peers } from '../../support/http1-peers.ts'
import { listenForHttp1 } from '../../support/http1-server.ts'
import type { Http1Server } from '../../support/http1-server.ts'
import { handshakeHead, RawHttp1Client } from '../../support/raw-http1.ts'
import { createSelfSignedCertificate } from '../../support/self-signed-certificate.ts'
import { until } from '../../support/until.ts'

afterEach(closeHttp1Peers)

/** The classes of a request and a response of this server. */
class OwnRequest extends IncomingMessage {}
class OwnResponse extends ServerResponse {}

const classes = { IncomingMessage: OwnRequest, ServerResponse: OwnResponse }

/** How requests reach an application. */
type Path = (server: Server, app: RequestListener) => void

/** A foreign listener, which never answers. */
function ignoreUpgrades(server: Server): void {
  server.on('upgrade', (_request, socket: Duplex) => socket.on('error', () => undefined))
}

const attached: readonly (readonly [name: string, path: Path])[] = [
  [
    'attached, without other listeners',
    (server, app) => {
      server.on('request', app)
      attachWebSockets(server, app, { filter: () => true })
    },
  ],
  [
    'attached, with other listeners',
    (server, app) => {
      server.on('request', app)
      ignoreUpgrades(server)
      attachWebSockets(server, app, { filter: ({ url }) => url?.startsWith('/ws') === true })
    },
  ],
  [
    'attached, beside a second application for other requests',
    (server, app) => {
      server.on('request', (request, response) => {
        if (request.headers.upgrade?.startsWith('h2c')) app(request, response)
        else response.writeHead(418).end()
      })
      ignoreUpgrades(server)
      attachWebSockets(server, app, { filter: ({ url }) => url?.startsWith('/ws') === true })
    },
  ],
  [
    'attached, to a server whose listeners another server has copied',
    (server, app) => {
      const outer = createServer(app)
      ignoreUpgrades(outer)
      attachWebSockets(outer, app, { filter: ({ url }) => url?.startsWith('/ws') === true })
      for (const event of ['connection', 'secureConnection', 'request', 'upgrade']) {
        for (const listener of outer.listeners(event)) {
          if (!listener.name.includes('connectionListener')) server.on(event, listener as () => void)
        }
      }
    },
  ],
]

/** Sends something over a path, and reports what happened. */
interface Question {
  readonly app: (tell: (fact: unknown) => void) => RequestListener
  readonly ask: (client: RawHttp1Client, server: Http1Server, facts: readonly unknown[]) => Promise<void>
  readonly facts: readonly unknown[]
}

function inWebSocketApp(add: (app: Express) => void): RequestListener {
  const app = express()
  app.set('env', 'test')
  app.use(useWebSockets({ maxConnections: 3 }))
  add(app)
  return app
}

const questions: Record<string, Question> = {
  'is accepted': {
    app: (tell) =>
      inWebSocketApp((app) => {
        app.all('/ws', async (req) => {
          tell(req.webSockets.isWebSocketRequest)
          await using webSocket = await req.webSockets.acceptWebSocketAsync()
          await webSocket.closeAsync(4000)
          tell(webSocket.closeStatus)
        })
      }),
    async ask(client, _server, facts) {
      client.write(handshakeHead())
      await client.receiveHead()
      client.write(Buffer.of(0x88, 0x82, 0, 0, 0, 0, 0x0f, 0xa0))
      await until(() => facts.length === 2)
      expect(await client.end()).toBe('fin')
    },
    facts: [true, 4000],
  },
  'uses the classes of its server': {
    app: (tell) => (request, response) => {
      tell([request instanceof OwnRequest, response instanceof OwnResponse])
      response.end()
    },
    async ask(client) {
      client.write(handshakeHead())
      await client.receiveHead()
    },
    facts: [[true, true]],
  },
  'keeps its connection when it is refused': {
    app: () => inWebSocketApp((app) => void app.all('/ws', (_req, res) => void res.sendStatus(401))),
    async ask(client) {
      for (const _ of [1, 2]) {
        client.write(handshakeHead())
        expect(await client.receiveResponse()).toMatch(/^HTTP\/1\.1 401 /)
      }
    },
    facts: [],
  },
  'gives its place back if the client ends before the answer': {
    app: (tell) =>
      inWebSocketApp((app) => {
        app.all('/ws', (req, res) => {
          res.on('close', () => tell(req.aborted))
        })
      }),
    async ask(client, server, facts) {
      client.write(handshakeHead())
      client.socket.end()
      await until(() => facts.length === 1)
      for (const count of [2, 3, 4, 5]) {
        const next = await RawHttp1Client.connect(server)
        next.write(handshakeHead())
        next.socket.end()
        await until(() => facts.length === count)
      }
    },
    facts: [true, true, true, true, true],
  },
  'times out as configured on its server': {
    app: (tell) =>
      inWebSocketApp((app) => {
        app.all('/ws', (req, res) => {
          res.setTimeout(20, () => {
            tell(req.webSockets.isWebSocketRequest)
            res.sendStatus(503)
          })
        })
      }),
    async ask(client) {
      client.write(handshakeHead())
      expect(await client.receiveHead()).toMatch(/^HTTP\/1\.1 503 /)
    },
    facts: [true],
  },
  'can read the body of a request that offers HTTP/2 with Upgrade: h2c': {
    app: (tell) =>
      inWebSocketApp((app) => {
        app.use(express.text())
        app.post('/page', (req, res) => {
          tell(req.body)
          res.send('thanks')
        })
      }),
    async ask(client) {
      client.write(
        'POST /page HTTP/1.1\r\nHost: a\r\nConnection: Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\nHTTP2-Settings: AAEAAEAAAAIAAAABAAMAAABkAAQBAAAAAAUAAEAA\r\n' +
          'Content-Type: text/plain\r\nContent-Length: 5\r\n\r\nhello',
      )
      expect(await client.receiveResponse()).toMatch(/thanks$/)
    },
    facts: ['hello'],
  },
}

describe.each([['http'], ['https']])('a WebSocket request, over %s', (protocol) => {
  async function play(path: Path, { app, ask }: Question): Promise<unknown[]> {
    const facts: unknown[] = []
    const isSecure = protocol === 'https'
    const server = isSecure ? createSecureServer({ ...classes, ...createSelfSignedCertificate() }) : createServer(classes)
    path(
      server,
      app((fact) => facts.push(fact)),
    )
    let requests = 0
    server.emit = new Proxy(server.emit, {
      apply(target, self: Server, values: [string]) {
        if (values[0] === 'request') requests++
        return Reflect.apply(target, self, values)
      },
    })
    const listening = await listenForHttp1(server, isSecure)
    await ask(await RawHttp1Client.connect(listening), listening, facts)
    expect(requests).toBeGreaterThan(0)
    return facts
  }

  describe.each([['plain', (server, app) => void server.on('request', app)] as (typeof attached)[number], ...attached])(
    '%s',
    (_name, path) => {
      it.each(Object.entries(questions))('%s', async (_question, question) => {
        expect(await play(path, question)).toEqual(question.facts)
      })
    },
  )

  it('leaves requests that it does not claim to other listeners, even upgrades to other protocols', async () => {
    const app = express()
    app.use(useWebSockets())
    const server = protocol === 'https' ? createSecureServer(createSelfSignedCertificate(), app) : createServer(app)
    attachWebSockets(server, app, { filter: () => false })
    const listening = await listenForHttp1(server, protocol === 'https')
    for (const upgrade of ['websocket', 'SPDY/3.1']) {
      const theirs = once(server, 'upgrade') as Promise<[IncomingMessage, Duplex]>
      const client = await RawHttp1Client.connect(listening)
      client.write(handshakeHead({ Upgrade: upgrade }))
      const [request, socket] = await theirs
      expect(request.headers.upgrade).toBe(upgrade)
      socket.destroy()
    }
  })
})
