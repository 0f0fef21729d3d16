import { afterEach, describe, expect, it } from '@jest/globals'
import { createClient } from 'graphql-ws'
import { WebSocket } from 'ws'
import { createGraphqlApp } from '../../samples/graphql/app.ts'
import { closeHttp1Servers, startHttp1Server } from '../support/http1-server.ts'
import { closeOf, closeWebSocketClients, nextMessage, openWebSocket } from '../support/web-socket-client.ts'

afterEach(() => {
  closeWebSocketClients()
  closeHttp1Servers()
})

describe('the graphql sample', () => {
  it('serves subscriptions and queries to a client of graphql-ws', async () => {
    const { port } = await startHttp1Server(createGraphqlApp())
    const client = createClient({ url: `ws://127.0.0.1:${port}/graphql`, webSocketImpl: WebSocket, retryAttempts: 0 })
    const counted = []
    for await (const { data } of client.iterate({ query: 'subscription { countdown(from: 3) }' })) counted.push(data?.['countdown'])
    expect(counted).toEqual([3, 2, 1, 0])
    const answers = []
    for await (const { data } of client.iterate({ query: '{ hello }' })) answers.push(data)
    expect(answers).toEqual([{ hello: 'world' }])
    await client.dispose()
  })

  it('closes a client that does not offer the sub-protocol or violates it, with the codes of graphql-ws', async () => {
    const server = await startHttp1Server(createGraphqlApp())
    const { client } = await openWebSocket(server, '/graphql')
    expect((await closeOf(client))[0]).toBe(4406)
    const { client: other } = await openWebSocket(server, '/graphql', { protocols: ['graphql-transport-ws'] })
    other.send('no JSON')
    expect((await closeOf(other))[0]).toBe(4400)
  })

  it('cuts a reason that is too long for a Close frame', async () => {
    const server = await startHttp1Server(createGraphqlApp())
    const { client } = await openWebSocket(server, '/graphql', { protocols: ['graphql-transport-ws'] })
    client.send('{"type":"connection_init"}')
    await nextMessage(client)
    const id = '\u20ac'.repeat(100)
    const subscribe = JSON.stringify({ id, type: 'subscribe', payload: { query: 'subscription { countdown(from: 1000) }' } })
    client.send(subscribe)
    client.send(subscribe)
    // 15 bytes of ASCII, and 36 signs of 3 bytes each.
    expect(await closeOf(client)).toEqual([4409, `Subscriber for ${id.slice(0, 36)}`])
  })
})
