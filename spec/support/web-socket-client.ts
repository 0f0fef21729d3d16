import { on, once } from 'node:events'
import type { IncomingMessage } from 'node:http'
import { WebSocket } from 'ws'
import type { ClientOptions } from 'ws'
import type { Http1Server } from './http1-server.ts'

/** The address of a server. */
type Address = Pick<Http1Server, 'isSecure' | 'port'>

/** An open client of `ws`, and the response that opened it. */
export interface OpenedClient {
  readonly client: WebSocket
  readonly response: IncomingMessage
}

/** Opens a WebSocket. Rejects if it is refused. */
export async function openWebSocket(
  server: Address,
  path = '/ws',
  { protocols = [], ...options }: ClientOptions & { readonly protocols?: string[] } = {},
): Promise<OpenedClient> {
  const client = new WebSocket(urlOf(server, path), protocols, { perMessageDeflate: false, rejectUnauthorized: false, ...options })
  clients.push(client)
  client.on('error', () => undefined)
  // Added at once, because a message may come together with the 101.
  inboxes.set(client, on(client, 'message'))
  const [[response]] = (await Promise.all([once(client, 'upgrade'), once(client, 'open')])) as [[IncomingMessage], unknown]
  return { client, response }
}

/** A response that refused a WebSocket. */
export interface RefusedHandshake {
  readonly status: number
  readonly headers: IncomingMessage['headers']
  readonly body: string
}

/** Requests a WebSocket that is refused. */
export async function refusedWebSocket(server: Address, path = '/ws', options: ClientOptions = {}): Promise<RefusedHandshake> {
  const client = new WebSocket(urlOf(server, path), { rejectUnauthorized: false, ...options })
  clients.push(client)
  client.on('error', () => undefined)
  const [, response] = (await once(client, 'unexpected-response')) as [unknown, IncomingMessage]
  const chunks = (await response.toArray()) as Buffer[]
  return { status: response.statusCode ?? 0, headers: response.headers, body: Buffer.concat(chunks).toString() }
}

/** The next message as text. */
export async function nextMessage(client: WebSocket): Promise<string> {
  const inbox = inboxes.get(client)
  if (inbox === undefined) throw new Error('The client is not one of openWebSocket()')
  const { value } = await inbox.next()
  const [data] = value as [Buffer]
  return data.toString()
}

/** The code and the reason of the close; the code is 1006 without a Close frame. */
export async function closeOf(client: WebSocket): Promise<[code: number, reason: string]> {
  const [code, reason] = (await once(client, 'close')) as [number, Buffer]
  return [code, reason.toString()]
}

/** Aborts all clients. For `afterEach`. */
export function closeWebSocketClients(): void {
  for (const client of clients.splice(0)) client.terminate()
}

const clients: WebSocket[] = []
const inboxes = new WeakMap<WebSocket, ReturnType<typeof on>>()

function urlOf({ isSecure, port }: Address, path: string): string {
  return `${isSecure ? 'wss' : 'ws'}://127.0.0.1:${port}${path}`
}
