import { afterEach, describe, expect, it } from '@jest/globals'
import { once } from 'node:events'
import type { IncomingMessage, RequestListener, ServerResponse } from 'node:http'
import { createServer } from 'node:http'
import type { Socket } from 'node:net'
import { detachFromHttpServer, passesUpgradesToListeners, serverOf } from '../../../lib/hosting/http1/node-http-internals.ts'
import { closeHttp1Peers } from '../../support/http1-peers.ts'
import { http1Starts, startHttp1Server } from '../../support/http1-server.ts'
import { RawHttp1Client } from '../../support/raw-http1.ts'

afterEach(closeHttp1Peers)

const HEAD = 'GET / HTTP/1.1\r\nHost: a\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n'

const listenerNames = (socket: Socket, event: string): string[] => socket.listeners(event).map((listener) => listener.name)

/** Contract of undocumented members. If one of these fails, adapt `lib/hosting/http1/node-http-internals.ts` to the new Node. */
describe.each(http1Starts)('the HTTP server of Node, over %s', (_, start) => {
  /** Sends an upgrade request, and calls `look` in the turn in which it is handled. */
  async function inHandler<Result>(look: (request: IncomingMessage, response: ServerResponse) => Result) {
    const results: { readonly request: IncomingMessage; readonly response: ServerResponse; readonly result: Result }[] = []
    const listener: RequestListener = (request, response) => {
      results.push({ request, response, result: look(request, response) })
    }
    const server = await start(listener)
    const client = await RawHttp1Client.connect(server)
    client.write(HEAD)
    await once(server.server, 'request')
    const [first] = results
    if (first === undefined) throw new Error('No request came')
    return { ...first, client, server: server.server }
  }

  it('adds these listeners to its sockets, under these names', async () => {
    const { result } = await inHandler(({ socket }) =>
      ['data', 'end', 'drain', 'error', 'timeout', 'close'].flatMap((event) => listenerNames(socket, event)),
    )
    for (const name of [
      'bound socketOnData',
      'bound socketOnEnd',
      'bound socketOnDrain',
      'socketOnError',
      'socketOnTimeout',
      'bound socketOnClose',
    ]) {
      expect(result).toContain(name)
    }
  })

  it('leaves no listener on a detached socket, and closes the response with it', async () => {
    const { request, response, client } = await inHandler(({ socket }) => detachFromHttpServer(socket))
    const { socket } = request
    await new Promise((resolve) => setImmediate(resolve))
    expect((socket as Socket & { parser: unknown }).parser).toBeNull()
    const events = ['data', 'end', 'drain', 'error', 'timeout', 'close']
    expect(events.flatMap((event) => listenerNames(socket, event)).join()).not.toContain('socketOn')
    expect(response.socket).toBe(socket)
    const closed = once(response, 'close')
    socket.on('error', () => undefined)
    socket.resume()
    client.socket.destroy()
    socket.on('end', () => socket.destroy())
    await closed
    expect(request.errored).toBeNull()
  })

  it('can be found from a request', async () => {
    const { request, server } = await inHandler(() => undefined)
    expect(serverOf(request)).toBe(server)
  })
})

describe('passesUpgradesToListeners', () => {
  it('is true for a server with upgrade listeners', () => {
    const server = createServer()
    expect(passesUpgradesToListeners(server)).toBe(false)
    server.on('upgrade', () => undefined)
    expect(passesUpgradesToListeners(server)).toBe(true)
  })

  it('is true for a server with shouldUpgradeCallback', () => {
    const server = Object.assign(createServer(), { shouldUpgradeCallback: () => false })
    server.on('upgrade', () => undefined)
    expect(passesUpgradesToListeners(server)).toBe(false)
  })
})

describe('an upgrade request', () => {
  it('is announced on http.server.request.start before it is handled', async () => {
    const { subscribe, unsubscribe } = await import('node:diagnostics_channel')
    const order: string[] = []
    const onStart = (message: unknown): void => {
      const { request } = message as { request: IncomingMessage }
      order.push(`start of ${request.url}`)
    }
    subscribe('http.server.request.start', onStart)
    const server = await startHttp1Server((_request, response) => {
      order.push('request')
      response.end()
    })
    const client = await RawHttp1Client.connect(server)
    client.write(HEAD)
    await client.receiveHead()
    unsubscribe('http.server.request.start', onStart)
    expect(order).toEqual(['start of /', 'request'])
  })
})
