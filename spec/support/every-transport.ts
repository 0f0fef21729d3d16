import { once } from 'node:events'
import type { IncomingMessage, OutgoingHttpHeaders, RequestListener } from 'node:http'
import { createServer } from 'node:http'
import type { ClientHttp2Session } from 'node:http2'
import type { Duplex } from 'node:stream'
import { TLSSocket } from 'node:tls'
import { attachWebSockets } from 'express-use-websockets'
import type { WebSocket } from 'ws'
import { connectHttp2, startHttp2Server } from './http2-peers.ts'
import { openHttp2WebSocket } from './http2-web-sockets.ts'
import { listenForHttp1, startHttp1Server, startHttpsServer } from './http1-server.ts'
import type { Http1Server } from './http1-server.ts'
import { openWebSocket } from './web-socket-client.ts'

/** A WebSocket as a client has it, over any transport. */
export interface TransportClient {
  /** What carries the frames. */
  readonly stream: Duplex
  /** The header fields of the response. */
  readonly headers: OutgoingHttpHeaders
  /** The code with which it closes; 1006 without a Close frame. */
  readonly closed: Promise<number>
  send(text: string): void
  close(code?: number): void
  /** Goes without a word. */
  vanish(): void
}

/** An application that is served, and how to get to it. */
export interface ServedApplication {
  /** Opens a WebSocket; rejects if it is refused. */
  open(path: string, headers?: OutgoingHttpHeaders): Promise<TransportClient>
  /** Gets a page, and returns its status. */
  get(path: string): Promise<number>
}

/** Every way for a WebSocket to get to an application, under its name, for `describe.each`. */
export const everyTransport: readonly (readonly [name: string, serve: (app: RequestListener) => Promise<ServedApplication>])[] = [
  ['HTTP/1.1', async (app) => overHttp1(await startHttp1Server(app))],
  ['TLS', async (app) => overHttp1(await startHttpsServer(app))],
  ['attachWebSockets()', async (app) => overHttp1(await startAttached(app))],
  ['HTTP/2', async (app) => overHttp2(await connectHttp2(await startHttp2Server(app)))],
]

/** A server with an `'upgrade'` listener of something else. */
async function startAttached(app: RequestListener): Promise<Http1Server> {
  const server = createServer(app)
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
    async get(path) {
      const { request } = server.isSecure ? await import('node:https') : await import('node:http')
      const sent = request({ port: server.port, host: '127.0.0.1', path, rejectUnauthorized: false, agent: false }).end()
      const [response] = (await once(sent, 'response')) as [IncomingMessage]
      await response.toArray()
      return response.statusCode ?? 0
    },
  }
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
    async get(path) {
      const stream = session.request({ ':path': path })
      stream.resume()
      const [headers] = (await once(stream, 'response')) as [{ ':status': number }]
      return headers[':status']
    },
  }
}

function fromHttp2({ webSocket, stream, headers }: Awaited<ReturnType<typeof openHttp2WebSocket>>): TransportClient {
  // Reads on, so that a Close frame is seen, and answers it.
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
