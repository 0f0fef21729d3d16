import { afterEach, describe, expect, it } from '@jest/globals'
import type { IncomingMessage } from 'node:http'
import express from 'express'
import type { Express, Request } from 'express'
import { useWebSockets, webSocketHandler } from 'express-use-websockets'
import type { WebSocketMiddleware } from 'express-use-websockets'
import { acceptWsWebSocketAsync } from 'express-use-websockets/ws'
import { everyTransport } from '../support/every-transport.ts'
import { closeHttp1Peers } from '../support/http1-peers.ts'
import { startHttp1Server } from '../support/http1-server.ts'
import { closeHttp2Peers } from '../support/http2-peers.ts'
import { closeOf, openWebSocket } from '../support/web-socket-client.ts'

afterEach(async () => {
  closeHttp1Peers()
  await closeHttp2Peers()
})

function echoApp(webSockets: WebSocketMiddleware): Express {
  const app = express().use(webSockets)
  app.all('/ws/:user', webSocketHandler(echo))
  app.all('/library/:user', async (req) => {
    const webSocket = await acceptWsWebSocketAsync(req)
    webSocket.on('message', (data) => webSocket.send(data))
  })
  return app
}

async function echo(webSocket: AsyncIterable<string | Buffer> & { sendAsync(data: string | Buffer): Promise<void> }): Promise<void> {
  for await (const message of webSocket) await webSocket.sendAsync(message)
}

const isOf =
  (user: string) =>
  ({ request }: { readonly request: Request }): boolean =>
    request.params['user'] === user

describe.each(everyTransport)('closeWhereAsync of the middleware, over %s', (_, serve) => {
  it('closes the selected WebSockets with 1008, and no others', async () => {
    const webSockets = useWebSockets()
    const served = await serve(echoApp(webSockets))
    const clients = [await served.open('/ws/ada'), await served.open('/ws/bob'), await served.open('/library/ada')]

    expect(webSockets.openWebSockets<Request>().map(({ request }) => request.params['user'])).toEqual(['ada', 'bob', 'ada'])
    expect(await webSockets.closeWhereAsync(isOf('ada'))).toEqual({ closed: 2, aborted: 0, unreceived: 0 })

    expect([await clients[0]?.closed, await clients[2]?.closed]).toEqual([1008, 1008])
    expect(webSockets.openWebSockets<Request>().map(({ request }) => request.params['user'])).toEqual(['bob'])
    const late = await served.open('/ws/ada')
    expect(webSockets.connections).toBe(2)
    late.close(1000)
    expect(await late.closed).toBe(1000)
  })
})

describe('closeWhereAsync of the middleware', () => {
  it('sends the code and the reason that it is given', async () => {
    const webSockets = useWebSockets()
    const { client } = await openWebSocket(await startHttp1Server(echoApp(webSockets)), '/ws/ada')
    const closed = closeOf(client)

    await webSockets.closeWhereAsync(() => true, { closeStatus: 4001, closeStatusDescription: 'logged out', spread: 1 })

    expect(await closed).toEqual([4001, 'logged out'])
  })

  it('aborts those that have not answered when the time-out is over', async () => {
    const webSockets = useWebSockets()
    const server = await startHttp1Server(echoApp(webSockets))
    const { client } = await openWebSocket(server, '/ws/ada')
    await openWebSocket(server, '/ws/bob')
    client.pause()

    expect(await webSockets.closeWhereAsync(isOf('ada'), { timeout: 10 })).toEqual({ closed: 0, aborted: 1, unreceived: 0 })
    expect(webSockets.connections).toBe(1)
  })

  it('closes none if the predicate throws an error or returns no boolean', async () => {
    const webSockets = useWebSockets()
    await openWebSocket(await startHttp1Server(echoApp(webSockets)), '/ws/ada')
    const reason = new Error('no user')
    const asynchronous = (async () => true) as unknown as (open: { readonly request: IncomingMessage }) => boolean

    await expect(
      webSockets.closeWhereAsync(() => {
        throw reason
      }),
    ).rejects.toBe(reason)
    await expect(webSockets.closeWhereAsync(asynchronous)).rejects.toMatchObject({
      code: 'ERR_WEBSOCKET_INVALID_ARGUMENT',
      argument: 'predicate',
    })
    await expect(webSockets.closeWhereAsync(undefined as unknown as () => boolean)).rejects.toMatchObject({ argument: 'predicate' })
    await expect(webSockets.closeWhereAsync(() => true, { time: 1 } as object)).rejects.toMatchObject({ argument: 'time' })
    expect(webSockets.connections).toBe(1)
  })

  it('resolves if there are no WebSockets', async () => {
    expect(await useWebSockets().closeWhereAsync(() => true)).toEqual({ closed: 0, aborted: 0, unreceived: 0 })
  })
})
