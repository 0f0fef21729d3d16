import { once } from 'node:events'
import { connect } from 'node:http2'
import type {
  ClientHttp2Session,
  ClientHttp2Stream,
  Http2SecureServer,
  Http2Server,
  IncomingHttpHeaders,
  IncomingHttpStatusHeader,
  OutgoingHttpHeaders,
  ServerOptions,
} from 'node:http2'
import type { AddressInfo } from 'node:net'
import { createServer } from 'express-use-websockets/http2'
import type { Http2RequestListener } from 'express-use-websockets/http2'
import { RawHttp2Client } from './raw-http2.ts'

const leftovers: (() => void)[] = []

/** Ends everything that the functions of this file have started. For `afterEach`. */
export async function closeHttp2Peers(): Promise<void> {
  // Node 20 loops endlessly if a session is destroyed while it reports that one of its streams was closed.
  await new Promise(setImmediate)
  for (const end of leftovers.splice(0)) end()
}

/** A listening cleartext HTTP/2 server with the application. */
export async function startHttp2Server(app: Http2RequestListener, options: ServerOptions = {}): Promise<Http2Server> {
  const server = createServer(options, app)
  await listen(server)
  return server
}

/** Makes the server listen on a free port of 127.0.0.1. {@link closeHttp2Peers} ends it and its connections. */
export async function listen(server: Http2Server | Http2SecureServer): Promise<void> {
  server.on('session', (session) => leftovers.push(() => session.destroy()))
  leftovers.push(() => server.close())
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
}

/** The port that the server listens on. */
export function portOf(server: { address(): AddressInfo | string | null }): number {
  return (server.address() as AddressInfo).port
}

/** A connected client session that has received the settings of the server. */
export async function connectHttp2(server: Http2Server, settings: { initialWindowSize?: number } = {}): Promise<ClientHttp2Session> {
  const session = connect(`http://127.0.0.1:${portOf(server)}`, { settings })
  session.on('error', () => undefined)
  leftovers.push(() => session.destroy())
  await once(session, 'remoteSettings')
  return session
}

/** A client that sends raw frames. */
export async function connectRaw(server: Http2Server, settings?: Parameters<typeof RawHttp2Client.connect>[1]): Promise<RawHttp2Client> {
  const client = await RawHttp2Client.connect(portOf(server), settings)
  leftovers.push(() => client.socket.destroy())
  return client
}

/** The pseudo-header fields of a request, for a raw client. */
export function rawFields(method: string, path: string): [name: string, value: string][] {
  return [
    [':method', method],
    [':scheme', 'http'],
    [':authority', 'localhost'],
    [':path', path],
  ]
}

/** A request that {@link closeHttp2Peers} closes with its session. Its errors are ignored. */
export function openStream(session: ClientHttp2Session, fields: OutgoingHttpHeaders, endStream = false): ClientHttp2Stream {
  const stream = session.request(fields, { endStream })
  stream.on('error', () => undefined)
  return stream
}

/** The answer of a server on one stream. */
export interface Http2Answer {
  readonly status: number
  readonly headers: IncomingHttpHeaders & IncomingHttpStatusHeader
  readonly body: Buffer
  readonly text: string
  readonly trailers: IncomingHttpHeaders
  /** The code of the stream's end; 0 without an error. */
  readonly closeCode: number
}

/** Sends a request and its optional body, and reads the answer until the stream is closed. */
export async function request(
  session: ClientHttp2Session,
  path: string,
  fields: OutgoingHttpHeaders = {},
  body?: string | Uint8Array,
): Promise<Http2Answer> {
  const stream = openStream(session, { ':path': path, ...fields }, body === undefined)
  const answer = readAnswer(stream)
  if (body !== undefined) stream.end(body)
  return answer
}

/** Reads the answer on a stream until the stream is closed. */
export async function readAnswer(stream: ClientHttp2Stream): Promise<Http2Answer> {
  const chunks: Buffer[] = []
  let headers: Http2Answer['headers'] = {}
  let trailers: Http2Answer['trailers'] = {}
  stream.on('response', (fields) => {
    headers = fields
  })
  stream.on('trailers', (fields) => {
    trailers = fields
  })
  stream.on('data', (chunk: Buffer) => chunks.push(chunk))
  if (!stream.destroyed) await new Promise((resolve) => stream.once('close', resolve))
  const body = Buffer.concat(chunks)
  return { status: Number(headers[':status']), headers, body, text: body.toString(), trailers, closeCode: stream.rstCode }
}
