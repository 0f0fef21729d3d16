import { afterEach, describe, expect, it } from '@jest/globals'
import express from 'express'
import type { Request } from 'express'
import { useWebSockets, WebSocketMessageType } from 'express-use-websockets'
import type { WebSocketAcceptContext } from 'express-use-websockets'
import { acceptWsWebSocketAsync } from 'express-use-websockets/ws'
import { Gate } from '../support/gate.ts'
import { closeHttp1Peers } from '../support/http1-peers.ts'
import { closeHttp2Peers } from '../support/http2-peers.ts'
import { closePayload, rawFrame } from '../support/raw-frames.ts'
import { until } from '../support/until.ts'
import { openRawPeer, transports } from '../ws/raw-peers.ts'

afterEach(async () => {
  closeHttp1Peers()
  await closeHttp2Peers()
})

/** What an application has received of its only client, up to the end. */
interface Reception {
  readonly texts: string[]
  end: number | undefined
}

type Receive = (request: Request, context: WebSocketAcceptContext, reception: Reception) => Promise<void>

/** Every way to receive. */
const receivers: readonly (readonly [name: string, receive: Receive])[] = [
  ['a loop', receiveInLoop],
  [
    'receiveAsync()',
    async (request, context, reception) => {
      const webSocket = await request.webSockets.acceptWebSocketAsync(context)
      const buffer = Buffer.alloc(100)
      for (;;) {
        const { count, messageType, closeStatus } = await webSocket.receiveAsync(buffer)
        if (messageType === WebSocketMessageType.Close) return void (reception.end = closeStatus ?? 1006)
        reception.texts.push(buffer.toString('utf8', 0, count))
      }
    },
  ],
  [
    'a socket of ws',
    async (request, context, reception) => {
      const ws = await acceptWsWebSocketAsync(request, context)
      ws.on('message', (data: Buffer) => reception.texts.push(data.toString()))
      ws.on('close', (code) => (reception.end = code))
    },
  ],
]

async function receiveInLoop(request: Request, context: WebSocketAcceptContext, reception: Reception): Promise<void> {
  const webSocket = await request.webSockets.acceptWebSocketAsync(context)
  for await (const message of webSocket) reception.texts.push(String(message))
  reception.end = webSocket.closeStatus ?? 1006
}

const everyClose = ['closeWhereAsync', 'closeAsync'] as const

describe.each(transports)('discardIncoming over %s', (transport) => {
  async function start(receive: Receive, context: WebSocketAcceptContext = {}) {
    const webSockets = useWebSockets()
    const reception: Reception = { texts: [], end: undefined }
    const app = express().use(webSockets)
    app.all('/ws', async (request) => receive(request, context, reception))
    const peer = await openRawPeer(transport, app)
    const close = {
      closeWhereAsync: async (options: object) => webSockets.closeWhereAsync(() => true, options),
      closeAsync: async (options: object) => webSockets.closeAsync(options),
    }
    return { app, close, peer, reception }
  }

  describe.each(receivers)('of %s', (_name, receive) => {
    it.each(everyClose)('keeps from the application what comes after the call of %s, but not the Close frame', async (name) => {
      const { close, peer, reception } = await start(receive)
      await peer.sendFrame(1, 'before')
      await until(() => reception.texts.length > 0)
      const closed = close[name]({ closeStatus: 4001, discardIncoming: true })
      expect(await peer.nextFrame()).toMatchObject({ opcode: 8, payload: closePayload(4001) })
      await peer.send(rawFrame(1, 'late'), rawFrame(2, 'later'), rawFrame(8, closePayload(4001)))
      peer.end()
      expect(await closed).toEqual({ closed: 1, aborted: 0, unreceived: 2 })
      await until(() => reception.end !== undefined)
      expect(reception).toEqual({ texts: ['before'], end: 4001 })
    })

    it.each([false, undefined])('is %s: the application gets what comes in front of the Close frame', async (discardIncoming) => {
      const { close, peer, reception } = await start(receive)
      const closed = close.closeWhereAsync({ discardIncoming })
      await peer.nextFrame()
      await peer.send(rawFrame(1, 'late'), rawFrame(8, closePayload(1008)))
      peer.end()
      expect(await closed).toEqual({ closed: 1, aborted: 0, unreceived: 0 })
      expect(reception).toEqual({ texts: ['late'], end: 1008 })
    })

    it('begins with the call for all clients, though their Close frames are spread', async () => {
      const { app, close, peer, reception } = await start(receive)
      const second = await openRawPeer(transport, app)
      const closed = close.closeWhereAsync({ discardIncoming: true, spread: 60_000, timeout: 200 })
      await peer.nextFrame()
      for (const each of [peer, second]) await each.sendFrame(1, 'late')
      expect(await closed).toEqual({ closed: 0, aborted: 2, unreceived: 2 })
      expect(second.frames).toEqual([])
      expect(reception.texts).toEqual([])
    })

    it('keeps from it what a rate limit holds', async () => {
      const { close, peer, reception } = await start(receive, { rateLimit: { messagesPerSecond: 1 / 3600, messageBurst: 1 } })
      await peer.send(rawFrame(1, 'one'), rawFrame(1, 'two'), rawFrame(9, 'ping'))
      // The pong: all of them have come.
      expect(await peer.nextFrame()).toMatchObject({ opcode: 10 })
      const closed = close.closeWhereAsync({ discardIncoming: true })
      await peer.nextFrame()
      await peer.send(rawFrame(1, 'three'), rawFrame(8, closePayload(1008)))
      peer.end()
      expect(await closed).toEqual({ closed: 1, aborted: 0, unreceived: 2 })
      await until(() => reception.end !== undefined)
      expect(reception).toEqual({ texts: ['one'], end: 1008 })
    })
  })

  it('keeps from a loop the rest of a message, and the messages that it has not come to', async () => {
    const busy = new Gate()
    const received: unknown[] = []
    const { close, peer } = await start(async (request, context) => {
      const webSocket = await request.webSockets.acceptWebSocketAsync(context)
      for await (const message of webSocket) {
        received.push(message)
        await busy.opened
      }
      received.push(webSocket.closeStatus)
    })
    await peer.send(rawFrame(1, 'one'), rawFrame(1, 'two'), rawFrame(1, 'beginning', { isFinal: false }))
    await until(() => received.length > 0)
    const closed = close.closeWhereAsync({ discardIncoming: true })
    await peer.nextFrame()
    busy.open()
    await peer.send(rawFrame(0, 'end'), rawFrame(8, closePayload(1008)))
    peer.end()
    expect(await closed).toEqual({ closed: 1, aborted: 0, unreceived: 2 })
    await until(() => received.length > 1)
    expect(received).toEqual(['one', 1008])
  })

  it('still answers a peer that breaks the rules', async () => {
    const { close, peer, reception } = await start(receiveInLoop)
    const closed = close.closeWhereAsync({ discardIncoming: true })
    await peer.nextFrame()
    await peer.send(rawFrame(1, Buffer.of(0xff)))
    peer.end()
    expect(await closed).toMatchObject({ closed: 1 })
    await until(() => reception.end !== undefined)
    expect(reception).toEqual({ texts: [], end: 1006 })
  })
})

describe('discardIncoming', () => {
  it('must be true or false', async () => {
    await expect(useWebSockets().closeWhereAsync(() => true, { discardIncoming: 1 } as object)).rejects.toMatchObject({
      code: 'ERR_WEBSOCKET_INVALID_OPTION',
      message: expect.stringContaining("the option 'discardIncoming' must be true or false. Received 1"),
    })
  })
})
