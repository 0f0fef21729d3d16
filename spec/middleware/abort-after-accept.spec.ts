import { afterEach, describe, expect, it } from '@jest/globals'
import type { IncomingMessage } from 'node:http'
import express from 'express'
import { useWebSockets } from 'express-use-websockets'
import { acceptWsWebSocketAsync } from 'express-use-websockets/ws'
import { everyTransport } from '../support/every-transport.ts'
import { closeHttp1Peers } from '../support/http1-peers.ts'
import { closeHttp2Peers } from '../support/http2-peers.ts'

afterEach(async () => {
  closeHttp1Peers()
  await closeHttp2Peers()
})

const cuts: readonly (readonly [name: string, acceptAndCut: (request: IncomingMessage) => Promise<void>])[] = [
  ['abort()', async (request) => (await request.webSockets.acceptWebSocketAsync()).abort()],
  ['dispose()', async (request) => (await request.webSockets.acceptWebSocketAsync()).dispose()],
  ['terminate() of ws', async (request) => (await acceptWsWebSocketAsync(request)).terminate()],
]

describe.each(everyTransport)('over %s', (_name, serve) => {
  it.each(cuts)('a client sees that its WebSocket opened before %s right after the accept', async (_cut, acceptAndCut) => {
    const served = await serve(
      express()
        .use(useWebSockets())
        .use(async (req) => acceptAndCut(req)),
    )
    const client = await served.open('/ws')
    expect(await client.closed).toBe(1006)
  })
})
