import { once } from 'node:events'
import http from 'node:http'
import type { IncomingHttpHeaders, IncomingMessage, OutgoingHttpHeaders, RequestListener } from 'node:http'
import type { ClientHttp2Session } from 'node:http2'
import https from 'node:https'
import type { Duplex } from 'node:stream'
import { TLSSocket } from 'node:tls'
import { attachWebSockets } from 'express-use-websockets'
import type { WebSocket } from 'ws'
import { connectHttp2, openStream, startHttp2Server } from './http2-peers.ts'
import { connectFields, openHttp2WebSocket } from './http2-web-sockets.ts'
import { listenForHttp1, startHttp1Server, startHttpsServer } from './http1-server.ts'
import type { Http1Server } from './http1-server.ts'
import { SAMPLE_KEY } from './raw-http1.ts'
import { openWebSocket } from './web-socket-client.ts'

/** The client's side of a WebSocket, over any transport. */
export interface TransportClient {
  /** The stream that carries the frames. */
  readonly stream: Duplex
  /** The header fields of the response. */
  readonly headers: OutgoingHttpHeaders
  /** The close code; 1006 without a Close frame. */
  readonly closed: Promise<number>
  send(text: string): void
  close(code?: number): void
  /** Drops the connection without a Close frame. */
  vanish(): void
}

/** A served application, and the requests to it. */
export interface ServedApplication {
  /** Opens a WebSocket; rejects if it is refused. */
  open(path: string, headers?: OutgoingHttpHeaders): Promise<TransportClient>
  /** Requests a WebSocket without waiting for the answer. */
  attempt(path: string, headers?: OutgoingHttpHeaders): Pick<TransportClient, 'vanish'>
  /** Gets a page. */
  fetch(path: string, headers?: OutgoingHttpHeaders): Promise<FetchedPage>
}

/** The checked parts of a page. */
export interface FetchedPage {
  readonly status: number
  /** The cookie that the page sets, in the form of a request header. */
  readonly cookie: string
}

/** Every transport of a WebSocket to an application, by name, for `describe.each`. */
export const everyTransport: readonly (readonly [name: string, serve: (app: RequestListener) => Promise<ServedApplication>])[] = [
  ['HTTP/1.1', async (app) => overHttp1(await startHttp1Server(app))],
  ['TLS', async (app) => overHttp1(await startHttpsServer(app))],
  ['attachWebSockets()', async (app) => overHttp1(await startAttached(app))],
  ['HTTP/2', async (app) => overHttp2(await connectHttp2(await startHttp2Server(app)))],
]

/** A server that has an unrelated `'upgrade'` listener. */
async function startAttached(app: RequestListener): Promise<Http1Server> {
  const server = http.createServer(app)
  server.on('upgrade', (_request, socket: Duplex) => socket.destroy())
  attachWebSockets(server, app, { filter: () => true })
  return listenForHttp1(server, false)
}

function overHttp1(server: Http1Server): ServedApplication {
  return {
    async open(path, headers = {}) {
      const { client, response } = await openWebSocket(server, path, { headers: headers as Record<string, string> })
      return fromWs(client, response)
    },
    attempt(path, headers = {}) {
      const sent = requestOf(server)({ ...addressOf(server, path), headers: { ...HANDSHAKE, ...headers } }).end()
      sent.on('error', () => undefined)
      return { vanish: () => sent.destroy() }
    },
    async fetch(path, headers = {}) {
      const sent = requestOf(server)({ ...addressOf(server, path), headers }).end()
      const [response] = (await once(sent, 'response')) as [IncomingMessage]
      await response.toArray()
      return toPage(response.statusCode, response.headers)
    },
  }
}

const HANDSHAKE = {
  Connection: 'Upgrade',
  Upgrade: 'websocket',
  'Sec-WebSocket-Key': SAMPLE_KEY,
  'Sec-WebSocket-Version': '13',
}

function requestOf({ isSecure }: Http1Server): typeof http.request {
  return isSecure ? https.request : http.request
}

function addressOf({ port }: Http1Server, path: string): https.RequestOptions {
  return { port, host: '127.0.0.1', path, rejectUnauthorized: false, agent: false }
}

function toPage(status: number | undefined, headers: IncomingHttpHeaders): FetchedPage {
  return { status: status ?? 0, cookie: headers['set-cookie']?.[0]?.split(';', 1)[0] ?? '' }
}

function fromWs(client: WebSocket, response: IncomingMessage): TransportClient {
  return {
    stream: response.socket,
    headers: response.headers,
    closed: once(client, 'close').then(([code]) => code as number),
    send: (text) => client.send(text),
    close: (code) => client.close(code),
    vanish: () => void (response.socket instanceof TLSSocket ? response.socket.destroy() : response.socket.resetAndDestroy()),
  }
}

function overHttp2(session: ClientHttp2Session): ServedApplication {
  return {
    async open(path, headers = {}) {
      const opened = await openHttp2WebSocket(session, path, headers)
      return fromHttp2(opened)
    },
    attempt(path, headers) {
      const stream = openStream(session, connectFields(path, headers))
      return { vanish: () => stream.close(8) }
    },
    async fetch(path, headers = {}) {
      const stream = session.request({ ...headers, ':path': path })
      const [response] = (await once(stream, 'response')) as [IncomingHttpHeaders & { ':status': number }]
      await stream.resume().toArray()
      return toPage(response[':status'], response)
    },
  }
}

function fromHttp2({ webSocket, stream, headers }: Awaited<ReturnType<typeof openHttp2WebSocket>>): TransportClient {
  // Continues to read, so that a Close frame is seen and answered.
  const reading = (async () => {
    for await (const _ of webSocket) continue
    await webSocket.closeOutputAsync(webSocket.closeStatus ?? 1000)
  })().catch(() => undefined)
  return {
    stream,
    headers,
    closed: reading.then(async () => (await webSocket.completion).closeStatus),
    send: (text) => void webSocket.sendAsync(text),
    close: (code = 1000) => void webSocket.closeOutputAsync(code),
    vanish: () => stream.close(8),
  }
}
