import { afterEach, describe, expect, it } from '@jest/globals'
import express from 'express'
import type { Request } from 'express'
import { useWebSockets, WebSocketMessageType } from 'express-use-websockets'
import type { WebSocketAcceptContext, WebSocketRateLimit } from 'express-use-websockets'
import { acceptWsWebSocketAsync } from 'express-use-websockets/ws'
import { everyTransport } from '../support/every-transport.ts'
import type { TransportClient } from '../support/every-transport.ts'
import { closeHttp1Peers } from '../support/http1-peers.ts'
import { startHttp1Server } from '../support/http1-server.ts'
import { closeHttp2Peers } from '../support/http2-peers.ts'
import { until } from '../support/until.ts'
import { closeWebSocketClients, openWebSocket } from '../support/web-socket-client.ts'

afterEach(async () => {
  closeWebSocketClients()
  closeHttp1Peers()
  await closeHttp2Peers()
})

/** What an application receives of its only client, up to the end. */
class Reception {
  readonly texts: string[] = []
  /** The code with which the conversation has ended for the application. */
  end: number | undefined
  /** Cuts the connection, as the application can. */
  cut: () => void = () => undefined
}

type Receive = (request: Request, context: WebSocketAcceptContext, reception: Reception) => Promise<void>

/** Every way to receive. */
const receivers: readonly (readonly [name: string, receive: Receive])[] = [
  [
    'a loop',
    async (request, context, reception) => {
      const webSocket = await request.webSockets.acceptWebSocketAsync(context)
      reception.cut = () => webSocket.abort()
      try {
        for await (const message of webSocket) reception.texts.push(String(message))
      } catch {
        // It was cut.
      }
      reception.end = webSocket.closeStatus ?? 1006
    },
  ],
  [
    'receiveAsync()',
    async (request, context, reception) => {
      const webSocket = await request.webSockets.acceptWebSocketAsync(context)
      reception.cut = () => webSocket.abort()
      const buffer = Buffer.alloc(100)
      try {
        for (;;) {
          const { count, messageType } = await webSocket.receiveAsync(buffer)
          if (messageType === WebSocketMessageType.Close) break
          reception.texts.push(buffer.toString('utf8', 0, count))
        }
      } catch {
        // The connection has ended.
      }
      reception.end = webSocket.closeStatus ?? 1006
    },
  ],
  ['a socket of ws', receiveWithWs],
]

async function receiveWithWs(request: Request, context: WebSocketAcceptContext, reception: Reception): Promise<void> {
  const ws = await acceptWsWebSocketAsync(request, context)
  reception.cut = () => ws.terminate()
  ws.on('message', (data: Buffer) => reception.texts.push(data.toString()))
  ws.on('close', (code) => (reception.end = code))
}

const texts = Array.from({ length: 10 }, (_, index) => `message ${index}`)

/** Lets one message in; the next one comes in an hour: in a specification, never. */
const ONE: WebSocketRateLimit = { messagesPerSecond: 1 / 3600, messageBurst: 1 }

/** Ends without a Close frame of the client: nothing that waits is of use any more. */
const losses: readonly (readonly [
  name: string,
  context: WebSocketAcceptContext,
  end: (client: TransportClient, reception: Reception) => void,
])[] = [
  ['the client vanishes', {}, (client) => client.vanish()],
  ['the client ends the connection', {}, (client) => void client.stream.end()],
  ['the application cuts the connection', {}, (_client, reception) => reception.cut()],
  ['keep-alive gives the client up', { keepAliveInterval: 40, keepAliveTimeout: 60 }, (client) => void client.stream.pause()],
]

/** Ends with a Close frame behind what waits. */
const farewells: readonly (readonly [name: string, end: (client: TransportClient) => void])[] = [
  ['a Close frame', (client) => client.close(3001)],
  [
    'a Close frame and the end of the connection',
    (client) => {
      client.close(3001)
      // The frame leaves at the end of the turn.
      setImmediate(() => client.stream.end())
    },
  ],
]

describe.each(everyTransport)('what a rate limit holds, over %s', (_transport, serve) => {
  async function startWith(receive: Receive, rateLimit: WebSocketRateLimit, context: WebSocketAcceptContext = {}) {
    const reception = new Reception()
    const app = express().use(useWebSockets({ rateLimit, closeAnswerTimeout: 10 }))
    app.all('/ws', async (request) => receive(request, context, reception))
    const client = await (await serve(app)).open('/ws')
    for (const text of texts) client.send(text)
    return { client, reception }
  }

  describe.each(receivers)('of %s', (_name, receive) => {
    const start = startWith.bind(undefined, receive)

    it.each(losses)('is dropped at once when %s', async (_end, context, end) => {
      const { client, reception } = await start(ONE, context)
      await until(() => reception.texts.length > 0)
      end(client, reception)
      await until(() => reception.end !== undefined)
      expect(reception).toMatchObject({ texts: texts.slice(0, 1), end: 1006 })
    })

    describe.each(farewells)('in front of %s', (_end, end) => {
      it('is received in time', async () => {
        const { client, reception } = await start({ messagesPerSecond: 100, messageBurst: 1 })
        end(client)
        await until(() => reception.end !== undefined)
        expect(reception).toMatchObject({ texts, end: 3001 })
      })

      it('is dropped after the closeTimeout', async () => {
        const { client, reception } = await start(ONE, { closeTimeout: 100 })
        await until(() => reception.texts.length > 0)
        const from = performance.now()
        end(client)
        await until(() => reception.end !== undefined)
        expect(reception).toMatchObject({ texts: texts.slice(0, 1), end: 3001 })
        expect(performance.now() - from).toBeGreaterThan(95)
      })
    })
  })

  it('is dropped when the application terminates a socket of ws whose client has closed', async () => {
    const { client, reception } = await startWith(receiveWithWs, ONE)
    await until(() => reception.texts.length > 0)
    client.close(3001)
    expect(await client.closed).toBe(3001)
    reception.cut()
    await until(() => reception.end !== undefined)
    expect(reception).toMatchObject({ texts: texts.slice(0, 1), end: 3001 })
  })
})

describe.each(receivers)('what a rate limit of bytes holds of %s', (_name, receive) => {
  it('is dropped after the closeTimeout, compressed messages, too', async () => {
    const reception = new Reception()
    const app = express().use(useWebSockets({ rateLimit: { bytesPerSecond: 1 / 3600, byteBurst: 10 } }))
    app.all('/ws', async (request) => receive(request, { closeTimeout: 100, dangerousEnableCompression: true }, reception))
    const { client } = await openWebSocket(await startHttp1Server(app), '/ws', { perMessageDeflate: { threshold: 0 } })
    for (let count = 0; count < 5; count++) client.send(`message ${count} `.repeat(1000))
    client.close(3001)
    await until(() => reception.end !== undefined)
    expect(reception.end).toBe(3001)
    expect(reception.texts.join('').replaceAll('message 0 ', '')).toBe('')
  })
})
