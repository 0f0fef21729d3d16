import { expect } from '@jest/globals'
import { context, trace } from '@opentelemetry/api'
import { InMemorySpanExporter, NodeTracerProvider, SimpleSpanProcessor } from '@opentelemetry/sdk-trace-node'
import { once } from 'node:events'
import { connect } from 'node:http2'
import type { Http2SecureServer } from 'node:http2'
import express from 'express'
import type { Express } from 'express'
import type { Server } from 'node:http'
import { createServer } from 'node:net'
import { createClient } from 'graphql-ws'
import { io } from 'socket.io-client'
import { WebSocket } from 'ws'
import { useWebSockets, webSocketHandler, WebSocketState } from 'express-use-websockets'
import type { ManagedWebSocket } from 'express-use-websockets'
import { requestWebSocket } from 'express-use-websockets/testing'
import { listenForHttp1, startHttp1Server } from '../support/http1-server.ts'
import { portOf } from '../support/http2-peers.ts'
import { openHttp2WebSocket } from '../support/http2-web-sockets.ts'
import { createSelfSignedCertificate } from '../support/self-signed-certificate.ts'
import { closeOf, nextMessage, openWebSocket, refusedWebSocket } from '../support/web-socket-client.ts'
import { until } from '../support/until.ts'
import { authenticationDecisions } from './authentication-decisions.ts'
import { clientDecisions } from './client-decisions.ts'
import { listening } from './listening.ts'
import { expectEcho, expectRefusal, inRoute, logIn, onSocket, Printer, requireLogin, withSubscribers } from './stage.ts'
import type { Example } from './stage.ts'

/** Runs a code block, and checks that it does what the text around it says. */
export type Proof = (example: Example) => Promise<unknown>

/** The decision for a code block: it is run, possibly with other numbers, or there is a reason why it cannot be run. */
export type Decision =
  | Proof
  | { readonly instead: Readonly<Record<string, string>>; readonly proof: Proof }
  | { readonly cannotRun: string }

const throughNginx = { cannotRun: 'needs nginx: spec/proxies/nginx.spec.ts passes WebSockets through these lines' }
const throughHaproxy = { cannotRun: 'needs HAProxy and a certificate in /etc: spec/proxies/haproxy.spec.ts has one like it' }
const throughRedis = { cannotRun: 'needs Redis: spec/redis/redis-backplane.spec.ts starts it, and kills it' }
const throughPostgres = { cannotRun: 'needs PostgreSQL: spec/postgres/postgres-backplane.spec.ts starts it, and kills it' }
const inCSharp = { cannotRun: 'C#: spec/conformance holds this package to recordings of the real ASP.NET Core' }
const ofAnotherPackage = { cannotRun: 'needs another package: spec/package/peers.spec.ts installs and runs it' }
const beforeMoving = { cannotRun: 'what is moved over: the next code block is it' }
const inAnEmptyFolder = { cannotRun: 'needs an empty folder: spec/package/getting-started.spec.ts runs it in one' }
const byItsTestRunner = { cannotRun: 'needs its test runner: spec/package/test-runners.spec.ts has each run it' }
const commands = { cannotRun: 'would install this package and run this very spec: .ci/run does' }

/** The decision for each code block, by its place. A block without a decision fails the spec. */
export const decisions: Readonly<Record<string, Decision>> = {
  'README.md#express-use-websockets': async (example) => {
    const [server] = await listening(async () => example())
    const { client } = await openWebSocket({ port: portOf(server as Server), isSecure: false })
    client.send('text')
    expect(await once(client, 'message')).toEqual([Buffer.from('text'), false])
    client.send(Buffer.from([0, 255]))
    expect(await once(client, 'message')).toEqual([Buffer.from([0, 255]), true])
    expect((await fetch(`http://127.0.0.1:${portOf(server as Server)}/ws`)).status).toBe(426)
    const closed = once(server as Server, 'close')
    server?.close()
    client.close(4000, 'bye')
    expect(await closeOf(client)).toEqual([4000, 'bye'])
    await closed
  },
  'README.md#express-use-websockets (2)': inAnEmptyFolder,
  'README.md#accept-it-yourself': async (example) => {
    const app = await mount(example)
    await expectEcho(app)
    const { port } = await startHttp1Server(app)
    expect((await fetch(`http://127.0.0.1:${port}/ws`)).status).toBe(400)
  },
  'README.md#accept-it-yourself (2)': async (example) => expectEcho(inRoute(example)),
  'README.md#the-same-in-aspnet-core': inCSharp,
  'README.md#the-same-in-aspnet-core (2)': proveEndpoint,
  'README.md#let-only-your-own-pages-connect': async (example) => {
    const app = await mountBeforeEcho(example)
    await expectEcho(app, '/ws', { headers: { Origin: 'https://client.com' } })
    await expectEcho(app, '/ws', { headers: { Origin: 'https://shop.client.com' } })
    await expectRefusal(app, 403, { headers: { Origin: 'https://client.com.evil.com' } })
  },
  'README.md#authenticate': async (example) => {
    const app = express().use(useWebSockets())
    await example({ app, requireLogin, secret: 'cat' })
    const Cookie = await logIn(app)
    await using answer = await requestWebSocket(app, '/ws', { headers: { Cookie } })
    expect(await answer.nextMessage()).toBe('Welcome, ann')
    expect(await expectRefusal(app, 401)).toBe('Log in first')
  },
  'README.md#choose-a-sub-protocol': async (example) => {
    const app = inRoute(example)
    await using newer = await requestWebSocket(app, '/ws', { subProtocols: ['v3.chat', 'v2.chat', 'v1.chat'] })
    expect(newer.webSocket.subProtocol).toBe('v2.chat')
    await using none = await requestWebSocket(app, '/ws')
    expect(none.webSocket.subProtocol).toBe(null)
  },
  'README.md#send-to-many': proveBroadcast,
  'README.md#detect-dead-connections': async (example) => {
    const printer = new Printer()
    const { app } = onSocket(async (given) => {
      await example({ app: express(), console: printer.console, ...given })
      await (given as { readonly webSocket: ManagedWebSocket }).webSocket.completion
    })
    await using answer = await requestWebSocket(app, '/ws')
    await answer.closeAsync()
    expect(await printer.line()).toBe('1006 false')
  },
  'README.md#shut-down': proveShutdown,
  'CONTRIBUTING.md#contributing': commands,
  'CONTRIBUTING.md#the-tree': { cannotRun: 'a picture' },
  'CONTRIBUTING.md#adding-an-export': { cannotRun: 'a line of package.json: spec/package enters by each of them' },

  ...authenticationDecisions,
  ...clientDecisions,

  'docs/compression.md#compression': async (example) => {
    const app = inRoute(example)
    const headers = { 'Sec-WebSocket-Extensions': 'permessage-deflate' }
    await using compressed = await requestWebSocket(app, '/ws', { headers })
    expect(compressed.headers['sec-websocket-extensions']).toBe('permessage-deflate')
    await using uncompressed = await requestWebSocket(app, '/ws')
    expect(uncompressed.headers['sec-websocket-extensions']).toBe(undefined)
  },
  'docs/compression.md#why-dangerous': async (example) => {
    const { app } = onSocket(example, { token: 'secret '.repeat(20) }, { dangerousEnableCompression: true })
    await expectUncompressed(app, 'secret '.repeat(20), 'permessage-deflate')
  },

  'docs/deploying.md#deploying': async (example) => {
    const app = express()
    await example({ app })
    expect(app.get('trust proxy')).toBe(1)
    await expectEcho(app.all('/ws', async (req) => void (await echo({ req }))))
  },
  'docs/deploying.md#caddy': { cannotRun: 'needs Caddy: spec/proxies/caddy.spec.ts passes WebSockets through these lines' },
  'docs/deploying.md#fly': { cannotRun: 'for Fly' },
  'docs/deploying.md#kubernetes': {
    instead: { '9_000': '1' },
    proof: async (example) => {
      const app = express()
      await example({ app })
      app.all('/ws', async (req) => void (await echo({ req })))
      const server = await startHttp1Server(app)
      const probe = async (path: string): Promise<number> => (await fetch(`http://127.0.0.1:${server.port}${path}`)).status
      expect([await probe('/live'), await probe('/ready')]).toEqual([200, 200])
      await openWebSocket(server)
      expect([await probe('/live'), await probe('/ready')]).toEqual([200, 503])
    },
  },
  'docs/deploying.md#kubernetes (2)': { cannotRun: 'for Kubernetes' },

  'docs/development.md#vite-on-its-own-port': { cannotRun: 'the configuration of another server' },
  'docs/development.md#vite-as-middleware': {
    cannotRun: 'needs a page: spec/browser/vite.spec.ts runs a server like this one in Chromium',
  },
  'docs/development.md#nextjs-with-a-custom-server': { cannotRun: 'needs another package, Next.js' },

  'docs/errors.md#errors': async (example) => {
    const { app, outcome } = onSocket(example, { news: 'news' })
    await using answer = await requestWebSocket(app, '/ws')
    expect(await answer.nextMessage()).toBe('news')
    await outcome
    // More than the connection can hold, for a reader that does not read and then leaves.
    const gone = onSocket(example, { news: 'n'.repeat(50_000_000) })
    const { client } = await openWebSocket(await startHttp1Server(gone.app))
    client.terminate()
    await expect(gone.outcome).resolves.toBe(undefined)
  },

  'docs/groups.md#groups': async (example) => expectRooms(await mount(example), true),
  'docs/groups.md#several-processes': throughRedis,
  'docs/groups.md#postgresql': throughPostgres,
  'docs/groups.md#who-is-there': async (example) => {
    const printer = new Printer()
    await using _answer = await requestWebSocket(onSocket(example, { console: printer.console }).app, '/ws')
    expect(await printer.line()).toBe("lobby [ 'ada' ]")
  },
  'docs/groups.md#all-sockets-of-a-user': async (example) => {
    const app = express()
    await example({ app, requireLogin, secret: 'cat' })
    app.all('/ws', async (req) => void (await echo({ req })))
    const Cookie = await logIn(app)
    const server = await startHttp1Server(app)
    const { client } = await openWebSocket(server, '/ws', { headers: { Cookie } })
    const { client: other } = await openWebSocket(server)
    const closed = closeOf(client)
    const answer = await fetch(`http://127.0.0.1:${server.port}/logout`, { method: 'POST', headers: { Cookie } })
    expect([answer.status, await closed]).toEqual([204, [1008, 'logged out']])
    other.send('still here')
    expect(await nextMessage(other)).toBe('still here')
  },

  'docs/from-aspnetcore.md#the-middleware-and-its-options': inCSharp,
  'docs/from-aspnetcore.md#the-middleware-and-its-options (2)': async (example) => expectEcho(await mountBeforeEcho(example)),
  'docs/from-aspnetcore.md#accept': inCSharp,
  'docs/from-aspnetcore.md#accept (2)': async (example) => {
    const app = await mount(example)
    await expectEcho(app)
    const { port } = await startHttp1Server(app)
    expect((await fetch(`http://127.0.0.1:${port}/ws`)).status).toBe(400)
  },
  'docs/from-aspnetcore.md#accept-in-a-controller': inCSharp,
  'docs/from-aspnetcore.md#accept-in-a-controller (2)': async (example) => expectEcho(await mount(example)),
  'docs/from-aspnetcore.md#choose-a-sub-protocol': inCSharp,
  'docs/from-aspnetcore.md#choose-a-sub-protocol (2)': async (example) => {
    const app = inRoute(example)
    await using newer = await requestWebSocket(app, '/ws', { subProtocols: ['v1.chat', 'v2.chat'] })
    expect(newer.webSocket.subProtocol).toBe('v2.chat')
    await using other = await requestWebSocket(app, '/ws', { subProtocols: ['v1.chat'] })
    expect(other.webSocket.subProtocol).toBe(null)
  },
  'docs/from-aspnetcore.md#send-and-receive': inCSharp,
  'docs/from-aspnetcore.md#send-and-receive (2)': async (example) => {
    const { echo } = (await example()) as { readonly echo: (webSocket: ManagedWebSocket) => Promise<void> }
    await expectEcho(inRoute(async (given) => echo(await (given as { req: express.Request }).req.webSockets.acceptWebSocketAsync())))
  },
  'docs/from-aspnetcore.md#keep-the-request-alive-while-a-service-works': inCSharp,
  'docs/from-aspnetcore.md#keep-the-request-alive-while-a-service-works (2)': async (example) => {
    const subscribers = new Set<ManagedWebSocket>()
    const app = await mount(example, { subscribers })
    await using answer = await requestWebSocket(app, '/ws')
    for (const webSocket of subscribers) await webSocket.sendAsync('from a service')
    expect(await answer.nextMessage()).toBe('from a service')
  },
  'docs/from-aspnetcore.md#compression': inCSharp,
  'docs/from-aspnetcore.md#compression (2)': async (example) =>
    expectUncompressed(
      inRoute(example, { secret: 'secret '.repeat(20) }),
      'secret '.repeat(20),
      'permessage-deflate; server_max_window_bits=12',
    ),
  'docs/from-aspnetcore.md#origins': inCSharp,
  'docs/from-aspnetcore.md#origins (2)': async (example) => {
    const app = await mountBeforeEcho(example)
    await expectEcho(app, '/ws', { headers: { Origin: 'https://www.client.com' } })
    await expectRefusal(app, 403, { headers: { Origin: 'https://other.client.com' } })
  },
  'docs/from-aspnetcore.md#cancel': inCSharp,
  'docs/from-aspnetcore.md#cancel (2)': {
    instead: { '10_000': '50' },
    proof: async (example) => {
      let accepted: ManagedWebSocket | undefined
      const { app, outcome } = onSocket(async (given) => {
        accepted = given?.['webSocket'] as ManagedWebSocket
        await example(given)
      })
      await using answer = await requestWebSocket(app, '/ws')
      await expect(answer.nextMessage()).rejects.toThrow('The connection failed')
      await outcome
      expect(accepted?.state).toBe(WebSocketState.Aborted)
    },
  },
  'docs/from-aspnetcore.md#close': inCSharp,
  'docs/from-aspnetcore.md#close (2)': { cannotRun: 'three ways to close, one below the other: spec/web-socket/close.spec.ts takes each' },
  'docs/from-aspnetcore.md#clients-that-disconnect': inCSharp,
  'docs/from-aspnetcore.md#clients-that-disconnect (2)': async (example) => {
    const { app, outcome } = onSocket(example)
    const { client } = await openWebSocket(await startHttp1Server(app))
    client.terminate()
    await expect(outcome).resolves.toBe(undefined)
  },
  'docs/from-aspnetcore.md#clients-that-disconnect (3)': async (example) => {
    const printer = new Printer()
    const { app, outcome } = onSocket(example, { console: printer.console })
    const { client } = await openWebSocket(await startHttp1Server(app))
    client.terminate()
    await outcome
    expect(await printer.line()).toBe('1006 false remote')
  },
  'docs/from-aspnetcore.md#shut-down': inCSharp,
  'docs/from-aspnetcore.md#shut-down (2)': async (example) => {
    const app = express()
    const [server] = await listening(async () => example({ app }))
    app.all('/ws', async (req) => void (await req.webSockets.acceptWebSocketAsync()))
    await expectShutdown(server as Server)
  },

  'docs/getting-started.md#install': inAnEmptyFolder,
  'docs/getting-started.md#a-server': inAnEmptyFolder,
  'docs/getting-started.md#a-server (2)': inAnEmptyFolder,
  'docs/getting-started.md#a-client': inAnEmptyFolder,
  'docs/getting-started.md#a-client (2)': { cannotRun: 'needs another package, wscat, and a terminal' },
  'docs/getting-started.md#in-javascript': inAnEmptyFolder,

  'docs/guides.md#keep-receiving': async (example) => {
    await using answer = await requestWebSocket(await mount(example), '/ticks')
    expect(await answer.nextMessage()).toMatch(/^\d{4}-\d\d-\d\dT/)
    await answer.webSocket.closeAsync(1000)
  },
  'docs/guides.md#behind-a-proxy-that-answers-pings': {
    instead: { '10_000': '1_000' },
    proof: async (example) => {
      await using answer = await requestWebSocket(await mount(example), '/ws')
      await answer.webSocket.sendAsync('ping')
      await answer.webSocket.sendAsync('hello')
      expect(await answer.nextMessage()).toBe('hello')
      await expect(answer.nextMessage()).rejects.toThrow('The connection failed')
    },
  },
  'docs/guides.md#slow-clients': proveBroadcast,
  'docs/guides.md#check-the-origin': async (example) => {
    const app = await mountBeforeEcho(example)
    await expectEcho(app, '/ws', { headers: { Host: 'server.example', Origin: 'http://server.example' } })
    await expectEcho(app, '/ws', { headers: { Origin: 'https://shop.client.com' } })
    await expectRefusal(app, 403, { headers: { Origin: 'https://client.com' } })
  },
  'docs/guides.md#choose-a-sub-protocol': async (example) => {
    const app = await mount(example)
    await using answer = await requestWebSocket(app, '/chat', { subProtocols: ['v1.chat', 'v2.chat'] })
    expect(answer.headers['sec-websocket-protocol']).toBe('v2.chat')
    expect(await answer.nextMessage()).toBe('You speak v2.chat')
    const server = await startHttp1Server(app)
    await expect(openWebSocket(server, '/chat', { protocols: ['v1.chat'] })).rejects.toThrow('Server sent no subprotocol')
  },
  'docs/guides.md#receive-large-messages (2)': {
    instead: { "'upload.bin'": '`${__filename}.upload`' },
    proof: async (example) => {
      const { app, outcome } = onSocket(example)
      await using answer = await requestWebSocket(app, '/ws')
      await answer.webSocket.sendAsync(Buffer.alloc(1_000_000))
      await expect(outcome).resolves.toBe(undefined)
    },
  },
  'docs/guides.md#receive-large-messages': async (example) => {
    const printer = new Printer()
    const { app, outcome } = onSocket(example, { console: printer.console })
    await using answer = await requestWebSocket(app, '/ws')
    await answer.webSocket.sendAsync(Buffer.alloc(100_000))
    let sum = 0
    for (let isLast = false; !isLast;) {
      const [type, length, end] = (await printer.line()).split(' ')
      expect(type).toBe('1')
      sum += Number(length)
      isLast = end === 'true'
    }
    expect(sum).toBe(100_000)
    void answer.webSocket.closeAsync(1000)
    await outcome
  },
  'docs/guides.md#receive-json': async (example) => {
    await using answer = await requestWebSocket(await mount(example), '/orders')
    await answer.webSocket.sendAsync('{"product": "chair", "count": 2}')
    expect(await answer.nextMessage()).toBe('{"product":"chair","reserved":2}')
    await answer.webSocket.sendAsync('{"product": "chair"}')
    expect(await answer.nextMessage()).toBe(undefined)
    const { closeStatus, closeStatusDescription } = answer.webSocket
    expect([closeStatus, closeStatusDescription]).toEqual([1007, 'count: Invalid input: expected number, received undefined'])
  },
  'docs/guides.md#receive-json (2)': async (example) => {
    const { app, outcome } = onSocket(example)
    await using answer = await requestWebSocket(app, '/ws')
    await answer.webSocket.sendAsync('nonsense')
    expect(await answer.nextMessage()).toMatch(/^\{"error":.*is not valid JSON"\}$/)
    await answer.webSocket.sendAsync('[1]')
    expect(await answer.nextMessage()).toBe('[1]')
    void answer.webSocket.closeAsync(1000)
    await outcome
  },
  'docs/guides.md#cancel': async (example) => {
    const printer = new Printer()
    const { app } = onSocket(example, { console: printer.console })
    await using answer = await requestWebSocket(app, '/ws')
    await answer.webSocket.sendAsync('hello')
    expect(await printer.line()).toBe('5')
  },
  'docs/guides.md#limit': async (example) => {
    await using answer = await requestWebSocket(await mount(example), '/chat')
    const start = performance.now()
    for (let count = 0; count < 22; count++) await answer.webSocket.sendAsync(String(count))
    for (let count = 0; count < 22; count++) expect(await answer.nextMessage()).toBe(String(count))
    // Two more than the burst, at five a second.
    expect(performance.now() - start).toBeGreaterThan(350)
  },
  'docs/guides.md#close-when-a-session-expires': {
    instead: { '15 * 60_000': '1_000' },
    proof: async (example) => {
      await using answer = await requestWebSocket(await mount(example, { requireLogin: passAll }), '/ws')
      await answer.webSocket.sendAsync('hello')
      expect(await answer.nextMessage()).toBe('hello')
      expect(await answer.nextMessage()).toBe(undefined)
      expect(answer.webSocket.closeStatus).toBe(4001)
    },
  },
  'docs/guides.md#watch': async (example) => {
    const printer = new Printer()
    await example({ console: printer.console })
    await expectEcho(
      inRoute(echo).all('/watched', async (req) => void (await echo({ req }))),
      '/watched',
    )
    const lines = [await printer.line()]
    // Earlier ends are reported too.
    while (lines.at(-1)?.startsWith('/watched') === false) lines.push(await printer.line())
    expect(lines.at(-1)).toMatch(/^\/watched 1000 true \d/)
  },

  'docs/hosting.md#nginx': throughNginx,
  'docs/hosting.md#haproxy': throughHaproxy,
  'docs/hosting.md#stopping': {
    instead: { '10_000': '10' },
    proof: async (example) => {
      const printer = new Printer()
      const webSockets = useWebSockets()
      await proveShutdown(async (given) => example({ console: printer.console, webSockets, ...given }), express().use(webSockets))
      expect(await printer.line()).toBe('1 WebSockets closed, 0 aborted, 0 messages not received')
    },
  },
  'docs/hosting.md#beside-other-libraries-on-one-server': proveShared,
  'docs/hosting.md#iis-in-front-of-nodejs': { cannotRun: 'for IIS' },

  'docs/guides.md#serve-a-page-and-a-websocket-on-one-path': async (example) => {
    const app = express().use(useWebSockets())
    await example({ app })
    await using answer = await requestWebSocket(app, '/')
    expect(await answer.nextMessage()).toBe('a WebSocket')
    const { port } = await startHttp1Server(app)
    expect(await (await fetch(`http://127.0.0.1:${port}/`)).text()).toBe('a page')
  },

  'docs/http2.md#http2': {
    instead: { "const key = readFileSync('key.pem')": '', "const cert = readFileSync('cert.pem')": '' },
    proof: async (example) => {
      const [server] = await listening(async () => example(createSelfSignedCertificate()))
      await expectHttp2(server as Http2SecureServer)
      const { client } = await openWebSocket({ port: portOf(server as Http2SecureServer), isSecure: true })
      client.send('over HTTP/1.1')
      expect(await nextMessage(client)).toBe('over HTTP/1.1')
    },
  },
  'docs/http2.md#http2 (2)': inAnEmptyFolder,
  'docs/http2.md#or-as-get': async (example) => {
    const app = express().use(useWebSockets())
    app.get(
      '/ws',
      webSocketHandler(async (webSocket) => {
        for await (const message of webSocket) await webSocket.sendAsync(message)
      }),
    )
    const [server] = await listening(async () => example({ ...createSelfSignedCertificate(), app }))
    await expectHttp2(server as Http2SecureServer)
  },

  'docs/metrics.md#prometheus': async (example) => {
    const app = express().use(useWebSockets({ keepAliveInterval: 5, allowedOrigins: ['https://client.com'] }))
    const { sendMetrics } = (await example()) as { readonly sendMetrics: express.RequestHandler }
    app.get('/metrics', sendMetrics)
    app.all('/ws', async (req) => void (await echo({ req })))
    app.all('/silent', async (req) => void (await req.webSockets.acceptWebSocketAsync()))
    const server = await startHttp1Server(app)
    const measure = async (): Promise<string> => (await fetch(`http://127.0.0.1:${server.port}/metrics`)).text()
    const { client } = await openWebSocket(server)
    const { client: silent } = await openWebSocket(server, '/silent')
    client.send('\u20ac')
    expect(await nextMessage(client)).toBe('\u20ac')
    expect(await refusedWebSocket(server, '/ws', { origin: 'https://other.com' })).toMatchObject({ status: 403 })
    let open = await measure()
    while (!/websocket_round_trip_seconds_count [12]\n/.test(open)) open = await measure()
    expect(open).toContain('websocket_open 2\n')
    expect(open).toContain('websocket_accepts_total 2\n')
    expect(open).toContain('websocket_refusals_total{status="403",reason="the origin is not allowed"} 1\n')
    expect(open).toContain('websocket_received_bytes_total 3\n')
    expect(open).toContain('websocket_sent_bytes_total 3\n')
    expect(open).toContain('websocket_messages_received_total 1\n')
    expect(open).toContain('websocket_messages_sent_total 1\n')
    expect(open).toContain('websocket_buffered_bytes 0\n')
    client.close(4000)
    silent.terminate()
    await Promise.all([closeOf(client), closeOf(silent)])
    let closed = await measure()
    while (!closed.includes('websocket_open 0\n')) closed = await measure()
    expect(closed).toContain('websocket_closes_total{code="application",clean="true"} 1\n')
    expect(closed).toContain('websocket_closes_total{code="1006",clean="false"} 1\n')
    expect(closed).toContain('websocket_duration_seconds_count 2\n')
    expect(closed).toContain('websocket_received_bytes_total 3\n')
    expect(closed).toContain('websocket_messages_sent_total 1\n')
  },
  'docs/metrics.md#opentelemetry': async (example) => {
    const exporter = new InMemorySpanExporter()
    new NodeTracerProvider({ spanProcessors: [new SimpleSpanProcessor(exporter)] }).register()
    await expectEcho(await mount(example))
    await until(() => exporter.getFinishedSpans().length > 0)
    expect(exporter.getFinishedSpans()).toMatchObject([
      {
        name: 'websocket',
        attributes: { 'websocket.close_status': 1000, 'websocket.bytes_received': 6, 'websocket.messages_sent': 2 },
        events: [],
      },
    ])
    trace.disable()
    context.disable()
  },

  'docs/migrating.md#moving-over': async (example) => {
    const printer = new Printer()
    const { app } = onSocket(example, { console: printer.console })
    const server = await startHttp1Server(app)
    const { client } = await openWebSocket(server)
    client.send('hello')
    expect(await nextMessage(client)).toBe('hello')
    client.close(4000)
    expect(await closeOf(client)).toEqual([4000, ''])
    expect(await printer.line()).toBe('4000 true undefined')
    const vanishing = onSocket(example, { console: printer.console })
    const { client: gone } = await openWebSocket(await startHttp1Server(vanishing.app))
    gone.terminate()
    await expect(vanishing.outcome).resolves.toBe(undefined)
    expect(await printer.line()).toMatch(/^1006 false The /)
  },
  'docs/migrating.md#from-express-ws': ofAnotherPackage,
  'docs/migrating.md#from-express-ws (2)': async (example) => proveLogin(example, '/echo'),
  'docs/migrating.md#from-tinyws': ofAnotherPackage,
  'docs/migrating.md#from-tinyws (2)': async (example) => {
    const app = await mount(example)
    await expectEcho(app, '/echo')
    const { port } = await startHttp1Server(app)
    expect(await (await fetch(`http://127.0.0.1:${port}/echo`)).text()).toBe('Hello')
  },
  'docs/migrating.md#from-websocket-express': ofAnotherPackage,
  'docs/migrating.md#from-websocket-express (2)': async (example) => {
    const app = express()
    await listening(async () => example({ app }))
    await expectEcho(app, '/echo')
  },
  'docs/migrating.md#from-ws-and-serveronupgrade': ofAnotherPackage,
  'docs/migrating.md#from-ws-and-serveronupgrade (2)': async (example) =>
    proveLogin(async (given) => listening(async () => example(given)), '/ws'),

  'docs/migrating.md#from-a-websocketserver-on-every-path': beforeMoving,
  'docs/migrating.md#from-a-websocketserver-on-every-path (2)': {
    instead: { "'public'": '__dirname' },
    proof: async (example) => {
      const [started] = await listening(async () => example({ app: express() }))
      const server = { port: portOf(started as Server), isSecure: false }
      for (const path of ['/', '/any/path?x=1']) {
        const { client } = await openWebSocket(server, path)
        expect(await nextMessage(client)).toBe(`hello from ${path}`)
        client.send('hello')
        expect(await nextMessage(client)).toBe('hello')
      }
      const page = await fetch(`http://127.0.0.1:${server.port}/tsconfig.json`)
      expect([page.status, await page.text()]).toEqual([200, expect.stringContaining('compilerOptions')])
    },
  },
  'docs/migrating.md#from-wssclients': beforeMoving,
  'docs/migrating.md#from-wssclients (2)': async (example) => {
    const server = await startHttp1Server(await mount(example))
    const [{ client: ada }, { client: bob }] = [await openWebSocket(server), await openWebSocket(server)]
    ada.send('hello')
    expect(await nextMessage(bob)).toBe('hello')
    bob.send('hello back')
    expect(await nextMessage(ada)).toBe('hello back')
  },
  'docs/migrating.md#from-createwebsocketstream-of-ws': beforeMoving,
  'docs/migrating.md#from-createwebsocketstream-of-ws (2)': {
    instead: { '6379': 'Number(address)' },
    proof: async (example) => {
      const tcp = createServer((socket) => void socket.pipe(socket)).listen(0, '127.0.0.1')
      await once(tcp, 'listening')
      const address = String(portOf(tcp))
      const server = await startHttp1Server(await mount(example, { address }))
      const { client } = await openWebSocket(server, '/tcp')
      client.send('through TCP')
      expect(await nextMessage(client)).toBe('through TCP')
      client.close(4000)
      expect((await closeOf(client))[0]).toBe(1000)
      tcp.close()
    },
  },
  'docs/migrating.md#a-typed-request': async (example) => {
    await using answer = await requestWebSocket(await mount(example), '/rooms/lobby', { headers: { Origin: 'https://client.com' } })
    expect(await answer.nextMessage()).toBe('Welcome to lobby, you come from https://client.com')
  },

  'docs/performance.md#sending-to-many': proveBroadcast,

  'docs/recipes.md#libraries-that-want-a-socket-of-ws': async (example) => expectEcho(await mount(example)),
  'docs/recipes.md#libraries-that-want-a-socket-of-ws (2)': async (example) => {
    await using answer = await requestWebSocket(await mount(example), '/ws')
    expect(await answer.nextMessage()).toBe('hello from /ws')
  },
  'docs/recipes.md#graphql-subscriptions-with-graphql-ws': async (example) => {
    const { port } = await startHttp1Server(await mount(example))
    const client = createClient({ url: `ws://127.0.0.1:${port}/graphql`, webSocketImpl: WebSocket, retryAttempts: 0 })
    const { value } = await client.iterate({ query: '{ hello }' }).next()
    await client.dispose()
    expect(value).toEqual({ data: { hello: 'world' } })
  },
  'docs/recipes.md#trpc': { cannotRun: 'needs a client of tRPC: spec/interop/trpc.spec.ts has one' },
  'docs/recipes.md#yjs': { cannotRun: 'needs a client of y-websocket: spec/interop/yjs.spec.ts has one' },
  'docs/recipes.md#yjs (2)': { cannotRun: 'needs a client of y-websocket: spec/interop/yjs.spec.ts has one' },
  'docs/recipes.md#passport-and-express-session': { cannotRun: 'needs a strategy: spec/interop/passport.spec.ts has one' },
  'docs/recipes.md#nestjs': { cannotRun: 'needs decorators: spec/interop/nestjs.spec.ts calls them as functions' },
  'docs/recipes.md#nestjs (2)': { cannotRun: 'starts an application of NestJS: spec/interop/nestjs.spec.ts does, with this adapter' },
  'docs/recipes.md#tests-with-superwstest': async (example) => {
    const received: unknown[] = []
    const converse = webSocketHandler(async (webSocket) => {
      await webSocket.sendAsync('hello')
      for await (const message of webSocket) if (received.push(message) === 1) return
    })
    const app = express().use(useWebSockets()).all('/ws', converse)
    app.all('/forbidden', (_req, res) => void res.sendStatus(403))
    await example({ server: (await startHttp1Server(app)).server })
    expect(received).toEqual(['bye'])
  },

  'docs/testing.md#an-application-to-test': async (example) => {
    const { app } = (await example()) as { readonly app: Express }
    await expectEcho(app, '/echo')
    await using answer = await requestWebSocket(app, '/members')
    expect([answer.status, answer.body]).toEqual([401, 'Log in first'])
  },
  'docs/testing.md#an-application-to-test (2)': byItsTestRunner,
  'docs/testing.md#with-vitest': byItsTestRunner,
  'docs/testing.md#with-jest': byItsTestRunner,
  'docs/testing.md#with-nodetest': byItsTestRunner,
  'docs/testing.md#with-supertest': byItsTestRunner,
  'docs/testing.md#with-supertest (2)': { cannotRun: 'the imports of the code block before it, for another test runner' },
  'docs/testing.md#the-answer': async (example) => {
    const printer = new Printer()
    const app = inRoute(echo)
    await example({ app, console: printer.console })
    printer.console.log('the end')
    expect(await printer.line()).toBe('the end')
  },
  'docs/testing.md#with-a-server-of-your-own': byItsTestRunner,

  'docs/troubleshooting.md#troubleshooting': { cannotRun: 'needs curl, and a server at port 3000' },
  'docs/troubleshooting.md#troubleshooting (2)': { cannotRun: 'a command: spec/middleware/diagnostics.spec.ts shows what it prints' },
  'docs/troubleshooting.md#troubleshooting (3)': async (example) => {
    const printer = new Printer()
    const app = express()
    await example({ app, console: printer.console })
    const server = await startHttp1Server(app)
    await refusedWebSocket(server)
    expect(await printer.line()).toBe('GET /ws true undefined')
    await fetch(`http://127.0.0.1:${server.port}/ws`, { headers: { 'Sec-WebSocket-Key': 'AAAAAAAAAAAAAAAAAAAAAA==' } })
    expect(await printer.line()).toBe('GET /ws false the Sec-WebSocket-Version header is missing')
  },

  'lib/hosting/upgrade-event/attach-web-sockets.ts#attachWebSockets': proveShared,
  'lib/hosting/http2/create-server.ts#createSecureServer': async (example) => {
    const [server] = await listening(async () => example({ app: inRoute(echo), ...createSelfSignedCertificate() }))
    await expectHttp2(server as Http2SecureServer)
  },
  'lib/hosting/http2/create-server.ts#createServer': async (example) => {
    const [server] = await listening(async () => example({ app: inRoute(echo) }))
    await expectHttp2(server as Http2SecureServer, 'http')
  },
  'lib/testing.ts#requestWebSocket': async (example) => example({ app: inRoute(echo), expect }),
  'lib/groups/backplane.ts#Backplane': async (example) => {
    const { app, outcome } = onSocket(example)
    await using answer = await requestWebSocket(app, '/ws')
    await outcome
    expect(await answer.nextMessage()).toBe('hello')
  },
  'lib/redis/redis-backplane.ts#RedisBackplane': throughRedis,
  'lib/postgres/postgres-backplane.ts#PostgresBackplane': throughPostgres,
  'lib/groups/web-socket-group.ts#WebSocketGroup': async (example) => {
    const app = await mount(example)
    await using one = await requestWebSocket(app, '/ws')
    await using other = await requestWebSocket(app, '/ws')
    await one.webSocket.sendAsync('hello')
    expect(await other.nextMessage()).toBe('hello')
    await other.webSocket.sendAsync('hello back')
    expect(await one.nextMessage()).toBe('hello back')
  },
  'lib/groups/web-socket-groups.ts#WebSocketGroups': async (example) => expectRooms(await mount(example), false),
  'lib/middleware/use-web-sockets.ts#closeWhereAsync': async (example) => {
    const app = express()
    await example({ app })
    app.all('/rooms/:room', async (req) => void (await echo({ req })))
    const server = await startHttp1Server(app)
    const { client } = await openWebSocket(server, '/rooms/lobby')
    const { client: other } = await openWebSocket(server, '/rooms/garden')
    const closed = closeOf(client)
    const answer = await fetch(`http://127.0.0.1:${server.port}/rooms/lobby`, { method: 'DELETE' })
    expect([answer.status, (await closed)[0]]).toEqual([204, 1008])
    other.send('still here')
    expect(await nextMessage(other)).toBe('still here')
  },
  'lib/json/json-messages.ts#jsonMessages': async (example) => {
    await using answer = await requestWebSocket(await mount(example), '/orders')
    await answer.webSocket.sendAsync('{"product": "chair", "count": 2}')
    expect(await answer.nextMessage()).toBe('{"reserved":2,"product":"chair"}')
    await answer.webSocket.sendAsync('{"product": "chair", "count": 0}')
    expect(await answer.nextMessage()).toBe(undefined)
    expect(answer.webSocket.closeStatusDescription).toBe('count: Too small: expected number to be >0')
  },
  'lib/json/send-json.ts#sendJson': async (example) => {
    await using answer = await requestWebSocket(onSocket(example).app, '/ws')
    expect(await answer.nextMessage()).toBe('{"price":42}')
  },
  'lib/middleware/use-web-sockets.ts#useWebSockets': async (example) => {
    const app = express()
    await example({ app })
    await expectEcho(app)
  },
  'lib/middleware/web-socket-handler.ts#webSocketHandler': async (example) => expectEcho(await mount(example)),
  'lib/middleware/web-socket-manager.ts#acceptWebSocketAsync': async (example) => {
    const app = inRoute(example)
    await expectEcho(app)
    await using answer = await requestWebSocket(app, '/ws')
    expect(answer.webSocket.subProtocol).toBe('chat')
    await answer.webSocket.sendAsync(Buffer.alloc(65_537))
    expect(await answer.nextMessage()).toBe(undefined)
    expect(answer.webSocket.closeStatus).toBe(1009)
  },
  'lib/web-socket/managed-web-socket.ts#ManagedWebSocket': async (example) => expectEcho(await mount(example)),
  'lib/web-socket/managed-web-socket.ts#createFromStream': async (example) => {
    const printer = new Printer()
    await example({ console: printer.console })
    expect(await printer.line()).toBe('hello')
  },
  'lib/web-socket/managed-web-socket.ts#receiveAsync': async (example) => {
    const printer = new Printer()
    await using answer = await requestWebSocket(onSocket(example, { console: printer.console }).app, '/ws')
    await answer.webSocket.sendAsync('hello')
    expect(await printer.line()).toBe('hello true')
  },
  'lib/web-socket/managed-web-socket.ts#sendAsync': async (example) => {
    await using answer = await requestWebSocket(onSocket(example).app, '/ws')
    expect(await answer.nextMessage()).toBe('a message')
    expect(await answer.nextMessage()).toBe('one message')
  },
  'lib/web-socket/prepared-message.ts#prepareMessage': proveBroadcast,
  'lib/web-socket/streams/readable-message-stream.ts#createReadableMessageStream': async (example) => {
    const printer = new Printer()
    await using answer = await requestWebSocket(onSocket(example, { console: printer.console }).app, '/ws')
    await answer.webSocket.sendAsync('one message')
    expect(await printer.line()).toBe('one message')
  },
  'lib/web-socket/streams/web-socket-stream.ts#createWebSocketStream': {
    instead: { "'film.mp4'": '__filename' },
    proof: async (example) => {
      await using answer = await requestWebSocket(onSocket(example).app, '/ws')
      expect(String(await answer.nextMessage())).toContain('createReadStream(__filename)')
      expect(await answer.nextMessage()).toBe(undefined)
      expect(answer.webSocket.closeStatus).toBe(1000)
    },
  },
  'lib/web-socket/streams/writable-message-stream.ts#createWritableMessageStream': async (example) => {
    await using answer = await requestWebSocket(onSocket(example).app, '/ws')
    expect(await answer.nextMessage()).toBe('one message')
  },

  'samples/graphql/README.md#graphql-subscriptions': { cannotRun: 'GraphQL: spec/samples/graphql.spec.ts subscribes to it' },
  'lib/ws.ts#acceptWsWebSocketAsync': async (example) => {
    const app = express()
    await example({ app })
    await expectEcho(app)
  },
  'lib/ws.ts#webSocketServerHandler': async (example) => {
    const app = express()
    await example({ app })
    await using answer = await requestWebSocket(app, '/ws')
    await answer.webSocket.sendAsync('text')
    expect(await answer.nextMessage()).toBe('text')
  },
}

const echo: Example = async (given) => {
  const { req } = given as { readonly req: express.Request }
  await using webSocket = await req.webSockets.acceptWebSocketAsync()
  for await (const message of webSocket) await webSocket.sendAsync(message)
}

const passAll: express.RequestHandler = (_req, _res, next) => next()

/** An application with `useWebSockets()` and the route of the code block. */
async function mount(example: Example, given: Readonly<Record<string, unknown>> = {}): Promise<Express> {
  const app = express().use(useWebSockets())
  await example({ app, ...given })
  return app
}

/** An application with the middleware of the code block and an echo after it. */
async function mountBeforeEcho(example: Example): Promise<Express> {
  const app = express()
  await example({ app })
  return app.all('/ws', async (req) => void (await echo({ req })))
}

async function proveEndpoint(example: Example): Promise<void> {
  const app = express()
  await example({ app })
  await expectEcho(app)
  await using answer = await requestWebSocket(app, '/ws')
  await answer.webSocket.closeAsync(4000, 'bye')
  expect(answer.webSocket.closeStatusDescription).toBe('bye')
}

async function proveBroadcast(example: Example): Promise<void> {
  const received = await withSubscribers(3, async (subscribers) => example({ subscribers, price: { amount: 1 } }))
  expect(received).toEqual(['{"amount":1}', '{"amount":1}', '{"amount":1}'])
}

/** Checks that a message in a room arrives in this room only. */
async function expectRooms(app: Express, isSenderLeftOut: boolean): Promise<void> {
  const server = await startHttp1Server(app)
  const [{ client: ada }, { client: bob }, { client: eve }] = [
    await openWebSocket(server, '/rooms/lobby'),
    await openWebSocket(server, '/rooms/lobby'),
    await openWebSocket(server, '/rooms/garden'),
  ]
  ada.send('hello')
  expect(await nextMessage(bob)).toBe('hello')
  bob.send('hello back')
  if (!isSenderLeftOut) expect(await nextMessage(ada)).toBe('hello')
  expect(await nextMessage(ada)).toBe('hello back')
  const { client: late } = await openWebSocket(server, '/rooms/garden')
  late.send('in the garden')
  expect(await nextMessage(eve)).toBe('in the garden')
}

async function proveShared(example: Example): Promise<void> {
  const { server } = (await example({ app: inRoute(echo) })) as { readonly server: Server }
  const { port } = await listenForHttp1(server, false)
  const { client } = await openWebSocket({ port, isSecure: false })
  client.send('ours')
  expect(await nextMessage(client)).toBe('ours')
  const socket = io(`http://127.0.0.1:${port}`, { transports: ['websocket'] })
  await once(
    { addEventListener: socket.on.bind(socket), removeEventListener: socket.off.bind(socket) } as unknown as EventTarget,
    'connect',
  )
  socket.disconnect()
}

async function proveShutdown(example: Example, app = express()): Promise<void> {
  const { server } = await startHttp1Server(app)
  await example({ app, server })
  app.all('/ws', async (req) => void (await req.webSockets.acceptWebSocketAsync()))
  await expectShutdown(server)
}

async function expectShutdown(server: Server): Promise<void> {
  const { client } = await openWebSocket({ port: portOf(server), isSecure: false })
  const closed = once(server, 'close')
  process.emit('SIGTERM')
  expect(await closeOf(client)).toEqual([1001, ''])
  await closed
}

async function proveLogin(example: Example, path: string): Promise<void> {
  const app = express()
  await example({ app, requireLogin, secret: 'cat' })
  await expectEcho(app, path, { headers: { Cookie: await logIn(app) } })
  const server = await startHttp1Server(app)
  expect(await refusedWebSocket(server, path)).toMatchObject({ status: 401, body: 'Log in first' })
}

async function expectUncompressed(app: Express, text: string, agreed: string): Promise<void> {
  await using answer = await requestWebSocket(app, '/ws', { headers: { 'Sec-WebSocket-Extensions': 'permessage-deflate' } })
  expect(answer.headers['sec-websocket-extensions']).toBe(agreed)
  expect(await answer.nextMessage()).toBe(text)
  expect(answer.frames[0]?.isCompressed).toBe(false)
}

async function expectHttp2(server: Http2SecureServer, scheme = 'https'): Promise<void> {
  const session = connect(`${scheme}://127.0.0.1:${portOf(server)}`, { rejectUnauthorized: false })
  await once(session, 'remoteSettings')
  const { webSocket } = await openHttp2WebSocket(session, '/ws')
  await webSocket.sendAsync('over HTTP/2')
  for await (const message of webSocket) {
    expect(message).toBe('over HTTP/2')
    break
  }
  await webSocket.closeAsync(1000)
  session.close()
  await once(session, 'close')
}
