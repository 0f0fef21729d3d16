import { afterEach, describe, expect, it } from '@jest/globals'
import express from 'express'
import { useWebSockets } from 'express-use-websockets'
import { webSocketServerHandler } from 'express-use-websockets/ws'
import { buildSchema } from 'graphql'
import { createClient } from 'graphql-ws'
import { useServer } from 'graphql-ws/use/ws'
import { WebSocket, WebSocketServer } from 'ws'
import { closeHttp1Peers } from '../support/http1-peers.ts'
import { startHttp1Server } from '../support/http1-server.ts'
import { closeOf, openWebSocket } from '../support/web-socket-client.ts'

afterEach(closeHttp1Peers)

// The graphql sample uses `makeServer().opened` with a ManagedWebSocket.
describe('useServer of graphql-ws', () => {
  it('serves a route of an application, selects its sub-protocol, and closes its clients on dispose', async () => {
    const schema = buildSchema('type Query { user: String } type Subscription { count: Int }')
    const roots = {
      query: { user: (_args: unknown, { user }: { readonly user: string }) => user },
      subscription: {
        async *count() {
          yield { count: 1 }
          yield { count: 2 }
        },
      },
    }
    const webSocketServer = new WebSocketServer({ noServer: true })
    const context = ({ extra }: { readonly extra: { readonly request: { readonly headers: object } } }): object => ({
      user: (extra.request.headers as Record<string, string>)['x-user'],
    })
    const disposable = useServer({ schema, roots, context }, webSocketServer)
    const app = express()
    app.use(useWebSockets())
    app.use((req, _res, next) => {
      req.headers['x-user'] = 'Ada'
      next()
    })
    app.all('/graphql', webSocketServerHandler(webSocketServer))
    const server = await startHttp1Server(app)

    const client = createClient({ url: `ws://127.0.0.1:${server.port}/graphql`, webSocketImpl: WebSocket, retryAttempts: 0 })
    const counts: unknown[] = []
    for await (const { data } of client.iterate({ query: 'subscription { count }' })) counts.push(data?.['count'])
    expect(counts).toEqual([1, 2])
    const answers: unknown[] = []
    for await (const { data } of client.iterate({ query: '{ user }' })) answers.push(data?.['user'])
    expect(answers).toEqual(['Ada'])
    await client.dispose()

    const { client: other } = await openWebSocket(server, '/graphql', { protocols: ['graphql-transport-ws'] })
    expect(other.protocol).toBe('graphql-transport-ws')
    const closed = closeOf(other)
    await disposable.dispose()
    expect((await closed)[0]).toBe(1001)
  })
})
