import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals'
import { subscribe, unsubscribe } from 'node:diagnostics_channel'
import { createServer } from 'node:http'
import type { IncomingMessage, ServerResponse } from 'node:http'
import { Duplex } from 'node:stream'
import type { Socket } from 'node:net'
import {
  amountReceived,
  chunkBeingParsed,
  decideUpgradesOf,
  divertFromParser,
  isFirstRequest,
  releaseParser,
  whenParsed,
} from '../../../lib/hosting/http1/node-http-parser-internals.ts'
import { connectTcp } from '../../support/connect-tcp.ts'
import { closeHttp1Peers } from '../../support/http1-peers.ts'
import { http1Starts, startHttpsServer } from '../../support/http1-server.ts'
import { portOf } from '../../support/http2-peers.ts'
import { RawHttp1Client } from '../../support/raw-http1.ts'
import { until } from '../../support/until.ts'

const firsts = new WeakMap<IncomingMessage, boolean>()

/** Runs before Node assigns the connection to the response. */
function noteFirst(message: unknown): void {
  const { request } = message as Exchange
  firsts.set(request, isFirstRequest(request.socket))
}

beforeAll(() => subscribe('http.server.request.start', noteFirst))
afterAll(() => void unsubscribe('http.server.request.start', noteFirst))
afterEach(closeHttp1Peers)

const HEAD = 'GET / HTTP/1.1\r\nHost: a\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nX: blank \r\n\r\n'
const PLAIN = 'GET /plain HTTP/1.1\r\nHost: a\r\n\r\n'

interface Exchange {
  readonly request: IncomingMessage
  readonly response: ServerResponse
}

/** Contract of undocumented members. If one of these fails, adapt `lib/hosting/http1/node-http-parser-internals.ts` to the new Node. */
describe.each(http1Starts)('the HTTP parser of Node, over %s', (_, start) => {
  /** A connection that records its requests and examines each in its own turn. */
  async function connect(look: (exchange: Exchange) => void) {
    const exchanges: Exchange[] = []
    const server = await start((request, response) => {
      exchanges.push({ request, response })
      look({ request, response })
    })
    return { client: await RawHttp1Client.connect(server), exchanges, server: server.server }
  }

  it.each([
    ['nothing', HEAD, ''],
    ['frames', HEAD, 'frames'],
    ['bytes that look like the end of a head', HEAD, 'X: blank \r\n\r\n'],
    ['a request, in a chunk that starts with requests', PLAIN + PLAIN + HEAD, PLAIN],
    ['bytes, behind a body', `${HEAD.replace('GET', 'POST').slice(0, -2)}Content-Length: 4\r\n\r\nbody`, 'rest'],
  ])('reports that %s followed an upgrade request', async (_name, bytes, rest) => {
    const rests: string[] = []
    const { client, exchanges } = await connect(({ request, response }) => {
      if (request.headers.upgrade === undefined) response.end()
      else whenParsed(request, (behind) => rests.push(String(behind)))
    })
    client.write(bytes + rest)
    await until(() => rests.length > 0)
    expect(rests).toEqual([rest])
    expect(exchanges.at(-1)?.request.complete).toBe(true)
  })

  it.each(['', 'frames'])('reports what followed a head that arrives in two chunks: %j', async (rest) => {
    const rests: string[] = []
    const { client, exchanges } = await connect(({ request, response }) => {
      if (request.headers.upgrade === undefined) response.end()
      else whenParsed(request, (behind) => rests.push(String(behind)))
    })
    client.write(PLAIN + HEAD.slice(0, 20))
    await until(() => exchanges.length === 1)
    client.write(HEAD.slice(20) + rest)
    await until(() => rests.length > 0)
    expect(rests).toEqual([rest])
  })

  it('reports what followed a body that arrives in several chunks', async () => {
    const rests: string[] = []
    const { client, exchanges } = await connect(({ request }) => whenParsed(request, (rest) => rests.push(String(rest))))
    client.write(`${HEAD.replace('GET', 'POST').slice(0, -2)}Content-Length: 4\r\n\r\nbo`)
    await until(() => exchanges.length === 1)
    client.write('dyrest')
    await until(() => rests.length > 0)
    expect(rests).toEqual(['rest'])
  })

  it.each([
    ['in the turn of a request', (act: () => void): void => act()],
    ['later', (act: () => void): void => void setImmediate(act)],
  ])('parses nothing more after it is diverted %s', async (_name, when) => {
    const chunks: Buffer[] = []
    const { client, exchanges } = await connect(({ request }) => {
      when(() => divertFromParser(request.socket, (chunk) => chunks.push(chunk)))
    })
    client.write(HEAD)
    await until(() => exchanges.length === 1)
    await new Promise(setImmediate)
    client.write(PLAIN)
    await until(() => Buffer.concat(chunks).length === PLAIN.length)
    expect(Buffer.concat(chunks).toString()).toBe(PLAIN)
    expect(exchanges).toHaveLength(1)
  })

  it('serves the next connection after one on which it was diverted or watched broke', async () => {
    const { client, exchanges, server } = await connect(({ request, response }) => {
      if (request.url === '/plain') response.end('plain')
      else if (request.method === 'POST') whenParsed(request, () => undefined)
      else divertFromParser(request.socket, () => undefined)
    })
    const port = (server.address() as { port: number }).port
    for (const bytes of [HEAD, `${HEAD.replace('GET', 'POST').slice(0, -2)}Content-Length: 4\r\n\r\nbo`]) {
      const other =
        bytes === HEAD ? client : await RawHttp1Client.connect({ port, server, isSecure: client.socket.constructor.name === 'TLSSocket' })
      const count = exchanges.length
      other.write(bytes)
      await until(() => exchanges.length > count)
      const socket = exchanges.at(-1)?.request.socket
      other.socket.destroy()
      await until(() => socket?.destroyed === true)
    }
    // As many parsers as Node may keep in its pool.
    for (let count = 0; count < 3; count++) {
      const next = await RawHttp1Client.connect({ port, server, isSecure: client.socket.constructor.name === 'TLSSocket' })
      next.write(PLAIN)
      expect(await next.receive('plain')).toMatch(/^HTTP\/1\.1 200 /)
    }
  })

  it('exposes the current chunk during the turn of the request only, and knows the first request of a connection', async () => {
    const seen: unknown[] = []
    const { client, exchanges } = await connect(({ request, response }) => {
      seen.push([firsts.get(request), chunkBeingParsed(request.socket).toString(), amountReceived(request.socket)])
      response.end()
    })
    client.write(PLAIN + PLAIN)
    await until(() => seen.length === 2)
    expect(chunkBeingParsed(exchanges[0]?.request.socket as Socket)).toHaveLength(0)
    expect(seen).toEqual([
      [true, PLAIN + PLAIN, 2 * PLAIN.length],
      [false, PLAIN + PLAIN, 2 * PLAIN.length],
    ])
  })

  it.each([
    ['to the request listener', false, ['request /']],
    ['to the upgrade listeners', true, ['upgrade /']],
  ])('passes an upgrade request %s, as onIncoming() tells it', async (_name, decision, expected) => {
    const seen: string[] = []
    const asked: (string | undefined)[] = []
    const { server } = await start((request, response) => {
      seen.push(`request ${request.url}`)
      response.end()
    })
    server.on(start === startHttpsServer ? 'secureConnection' : 'connection', (socket: Socket) =>
      decideUpgradesOf(socket, ({ url }) => {
        asked.push(url)
        return decision
      }),
    )
    server.on('upgrade', (request: IncomingMessage, socket: Duplex) => {
      seen.push(`upgrade ${request.url}`)
      socket.end('HTTP/1.1 400 Bad Request\r\n\r\n')
    })
    const client = await RawHttp1Client.connect({ port: portOf(server), isSecure: start === startHttpsServer })
    client.write(PLAIN)
    await client.receiveHead()
    client.write(HEAD)
    await client.receiveHead()
    expect(seen).toEqual(['request /plain', ...expected])
    // A request without an upgrade has no such choice.
    expect(asked).toEqual(['/'])
  })

  it('is released permanently', async () => {
    const { client, exchanges } = await connect(({ request }) => setImmediate(releaseParser, request.socket))
    client.write(HEAD)
    await until(() => exchanges.length === 1)
    await new Promise(setImmediate)
    const socket = exchanges[0]?.request.socket as Socket & { parser: unknown }
    expect(socket.parser).toBeNull()
    expect(Object.is(Reflect.get(socket, 'on'), Reflect.get(Object.getPrototypeOf(socket) as object, 'on'))).toBe(true)
    expect(divertFromParser(socket, () => undefined)).toBe(false)
  })
})

describe('the HTTP parser of Node, over a Duplex', () => {
  it('reports what followed an upgrade request from the second chunk on, and parses nothing after it is diverted', async () => {
    const [socket, peer] = await connectTcp()
    const seen: unknown[] = []
    const rests: string[] = []
    const chunks: string[] = []
    const requests: IncomingMessage[] = []
    const server = createServer((request, response) => {
      requests.push(request)
      const isWatched = whenParsed(request, (rest) => rests.push(String(rest)))
      seen.push([firsts.get(request), isWatched, amountReceived(request.socket), chunkBeingParsed(request.socket).toString()])
      if (request.headers.upgrade === undefined) response.end('plain')
      else divertFromParser(request.socket, (chunk) => chunks.push(chunk.toString()))
    })
    server.emit('connection', Duplex.from({ readable: socket, writable: socket }))
    peer.write(PLAIN)
    await until(() => seen.length === 1)
    peer.write(`${HEAD}rest`)
    await until(() => rests.length > 1)
    peer.write(PLAIN)
    await until(() => chunks.join('').length === PLAIN.length)
    // It is unknown for the first chunk.
    expect(rests).toEqual(['undefined', 'rest'])
    expect(seen).toEqual([
      [true, false, 0, PLAIN],
      [false, true, 1, `${HEAD}rest`],
    ])
    // Diverted bytes count, too: they are lost for later listeners.
    expect(amountReceived(requests[1]?.socket as Socket)).toBe(2)
    peer.destroy()
    socket.destroy()
  })
})
