import { afterEach, describe, expect, it } from '@jest/globals'
import type { ServerResponse } from 'node:http'
import { detachFromHttpServer } from '../../../lib/hosting/http1/node-http-internals.ts'
import { completeExchange, releaseHead, releaseServerState } from '../../../lib/hosting/http1/node-response-internals.ts'
import { closeHttp1Peers } from '../../support/http1-peers.ts'
import { http1Starts } from '../../support/http1-server.ts'
import { RawHttp1Client } from '../../support/raw-http1.ts'
import { until } from '../../support/until.ts'

afterEach(closeHttp1Peers)

/** The members of a response that refer to its server, by name. */
function serverStateOf(response: ServerResponse): string[] {
  const { _onPendingData: counter } = response as unknown as { readonly _onPendingData: () => void }
  const finishListeners = response.listeners('finish').map(({ name }) => name)
  const state = Object.getOwnPropertySymbols(response).filter(
    (symbol) => symbol.description === 'ConnectionState' && (response as unknown as Record<symbol, unknown>)[symbol] !== undefined,
  )
  return [...finishListeners, counter.name, ...state.map((symbol) => symbol.description ?? '')]
}

/** Contract of undocumented members. If this fails, adapt `lib/hosting/http1/node-response-internals.ts` to the new Node. */
describe.each(http1Starts)('a response of Node, over %s', (_, start) => {
  it('refers to the state of its connection by these members, and by none after the state was released', async () => {
    const seen: string[][] = []
    const server = await start((_request, response) => {
      seen.push(serverStateOf(response))
      releaseServerState(response)
      seen.push(serverStateOf(response))
      response.end('done')
    })
    const client = await RawHttp1Client.connect(server)
    client.write('GET / HTTP/1.1\r\nHost: a\r\n\r\n')
    expect(await client.receiveResponse()).toContain('done')

    expect([
      ['bound resOnFinish', 'bound updateOutgoingData'],
      ['onResponseFinish', 'bound updateOutgoingData', 'ConnectionState'],
    ]).toContainEqual(seen[0])
    expect(seen[1]).toEqual(['onFinish', 'ignorePendingData'])
  })

  it('stores its head as text, which is unused after it was sent', async () => {
    const seen: unknown[] = []
    const server = await start((_request, response) => {
      response.setHeader('X-Own', 'own')
      response.flushHeaders()
      const { _header: head } = response as unknown as { readonly _header: string }
      seen.push(head.includes('X-Own: own'))
      releaseHead(response)
      seen.push((response as unknown as { readonly _header: string })._header.length, response.headersSent, response.getHeader('x-own'))
      response.end('done')
    })
    const client = await RawHttp1Client.connect(server)
    client.write('GET / HTTP/1.1\r\nHost: a\r\n\r\n')
    expect(await client.receive('done')).toContain('X-Own: own')
    expect(seen).toEqual([true, 36, true, 'own'])
  })

  it('finishes and closes with its connection after the state was released', async () => {
    const events: string[] = []
    const responses: ServerResponse[] = []
    const server = await start((request, response) => {
      for (const event of ['finish', 'close']) response.on(event, () => events.push(event))
      releaseServerState(response)
      response.on('finish', () => request.socket.destroySoon())
      response.end('done')
      responses.push(response)
    })
    const client = await RawHttp1Client.connect(server)
    client.write('GET / HTTP/1.1\r\nHost: a\r\n\r\n')
    expect(await client.receiveResponse()).toContain('done')
    client.socket.end()
    await until(() => events.length === 2)
    expect(events).toEqual(['finish', 'close'])
    expect(responses[0]?.destroyed).toBe(true)
  })

  it('finishes without its socket and then closes, if its exchange is completed while the connection closes', async () => {
    const events: string[] = []
    const server = await start((request, response) => {
      for (const event of ['finish', 'close'] as const) response.on(event, () => events.push(`response ${event}`))
      for (const event of ['aborted', 'end'] as const) request.on(event, () => events.push(`request ${event}`))
      releaseServerState(response)
      detachFromHttpServer(request.socket)
      response.writeHead(101).flushHeaders()
      request.socket.prependListener('close', () => {
        response.statusCode = 500
        completeExchange(response, 101, false)
        events.push(`${response.statusCode} ${response.statusMessage}`)
      })
      request.socket.destroySoon()
    })
    const client = await RawHttp1Client.connect(server)
    client.write('GET / HTTP/1.1\r\nHost: a\r\nConnection: Upgrade\r\nUpgrade: a\r\n\r\n')
    await client.receiveHead()
    client.socket.end()
    await until(() => events.length >= 4)
    expect(events[0]).toBe('101 Switching Protocols')
    expect(events.filter((event) => event.startsWith('response'))).toEqual(['response finish', 'response close'])
    expect(events).toContain('request end')
    expect(events).not.toContain('request aborted')
  })
})
