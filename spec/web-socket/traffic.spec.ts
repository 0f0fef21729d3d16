import { afterEach, describe, expect, it } from '@jest/globals'
import diagnosticsChannel from 'node:diagnostics_channel'
import express from 'express'
import { prepareMessage, useWebSockets, WebSocketMessageFlags, WebSocketMessageType } from 'express-use-websockets'
import type { AcceptedWebSocket, ManagedWebSocket, WebSocketAcceptEvent, WebSocketOptions } from 'express-use-websockets'
import { acceptWsWebSocketAsync } from 'express-use-websockets/ws'
import { requestWebSocket } from 'express-use-websockets/testing'
import type { WebSocket } from 'ws'
import { until } from '../support/until.ts'
import { openBothOverTcp } from '../support/web-socket-pairs.ts'

const LONG = 100_000
const { Text } = WebSocketMessageType

/** What is sent, its number of bytes, and its number of messages. */
const sends: readonly (readonly [
  name: string,
  send: (webSocket: ManagedWebSocket) => Promise<unknown>,
  bytes: number,
  messages: number,
])[] = [
  ['nothing', async () => undefined, 0, 0],
  ['a text', async (webSocket) => webSocket.sendAsync('hello'), 5, 1],
  ['a text that is not ASCII', async (webSocket) => webSocket.sendAsync('\u20ac'), 3, 1],
  ['an empty text', async (webSocket) => webSocket.sendAsync(''), 0, 1],
  ['a long text', async (webSocket) => webSocket.sendAsync('\u20ac'.repeat(LONG)), 3 * LONG, 1],
  ['bytes', async (webSocket) => webSocket.sendAsync(Buffer.alloc(7)), 7, 1],
  ['bytes of a typed array', async (webSocket) => webSocket.sendAsync(new Float64Array(2)), 16, 1],
  ['many bytes', async (webSocket) => webSocket.sendAsync(Buffer.alloc(LONG)), LONG, 1],
  ['a prepared message', async (webSocket) => webSocket.sendAsync(prepareMessage('hello')), 5, 1],
  ['a long prepared message', async (webSocket) => webSocket.sendAsync(prepareMessage('x'.repeat(LONG))), LONG, 1],
  [
    'a message in parts',
    async (webSocket) => {
      await webSocket.sendAsync('one ', Text, false)
      await webSocket.sendAsync('message', Text)
    },
    11,
    1,
  ],
  ['pings', async (webSocket) => Promise.all([webSocket.pingAsync(), webSocket.pingAsync()]), 0, 0],
  [
    'messages that are not compressed',
    async (webSocket) =>
      webSocket.sendAsync('x'.repeat(LONG), Text, WebSocketMessageFlags.EndOfMessage | WebSocketMessageFlags.DisableCompression),
    LONG,
    1,
  ],
  [
    'many messages, without awaiting any',
    async (webSocket) => Promise.all(Array.from({ length: 200 }, () => webSocket.sendAsync('x'.repeat(LONG)))),
    200 * LONG,
    200,
  ],
]

/** The ways to receive until the Close frame of the peer. */
const receives: readonly (readonly [name: string, receive: (webSocket: ManagedWebSocket) => Promise<unknown>])[] = [
  [
    'a loop',
    async (webSocket) => {
      for await (const _ of webSocket);
    },
  ],
  [
    'receiveAsync()',
    async (webSocket) => {
      const buffer = Buffer.alloc(3000)
      while ((await webSocket.receiveAsync(buffer)).closeStatus === null);
    },
  ],
  ['closeAsync(), which discards them', async (webSocket) => webSocket.closeAsync(1000)],
]

describe.each([
  ['plain', {}],
  ['compressed', { dangerousDeflateOptions: {} }],
])('the counters of a WebSocket, %s', (kind, options) => {
  describe.each(['server', 'client'] as const)('of the %s', (role) => {
    it.each(sends)('count sent messages and bytes: %s', async (_name, send, bytes, messages) => {
      const { server, client } = await openBothOverTcp(options)
      const [sender, receiver] = role === 'server' ? [server, client] : [client, server]
      const received = (async () => {
        for await (const _ of receiver);
      })()
      await send(sender)
      expect([sender.bytesSent, sender.messagesSent]).toEqual([bytes, messages])
      await sender.closeAsync(1000)
      await received
      expect([sender.bytesSent, sender.messagesSent]).toEqual([bytes, messages])
      expect([sender.bytesReceived, sender.messagesReceived]).toEqual([0, 0])
    })

    it.each(receives)('count messages and bytes received by %s', async (how, receive) => {
      const { server, client } = await openBothOverTcp(options)
      const [receiver, sender] = role === 'server' ? [server, client] : [client, server]
      const received = receive(receiver)
      for (const message of ['hello', '', '\u20ac'.repeat(LONG), Buffer.alloc(LONG)]) await sender.sendAsync(message)
      await sender.sendAsync('one ', Text, false)
      await sender.sendAsync('message', Text)
      await sender.closeOutputAsync(1000)
      await received
      // Discarded messages are not inflated.
      const isInflated = kind === 'plain' || !how.startsWith('close')
      expect([isInflated && receiver.bytesReceived, receiver.messagesReceived]).toEqual([isInflated && 5 + 4 * LONG + 11, 5])
      expect([receiver.bytesSent, receiver.messagesSent]).toEqual([0, 0])
    })
  })

  it('do not count data that has arrived but was not received', async () => {
    const { server, client } = await openBothOverTcp(options)
    await client.sendAsync('one')
    await client.sendAsync('two')
    await client.pingAsync()
    expect([server.bytesReceived, server.messagesReceived]).toEqual([0, 0])
    await server.receiveAsync(Buffer.alloc(2))
    expect([server.bytesReceived, server.messagesReceived]).toEqual([2, 0])
    await server.receiveAsync(Buffer.alloc(2))
    expect([server.bytesReceived, server.messagesReceived]).toEqual([3, 1])
  })
})

describe('the counters of a socket of ws', () => {
  let accepted: AcceptedWebSocket | undefined
  const PATH = '/ws/of-traffic'
  const CHANNEL = 'express-use-websockets:accept'
  const onAccept = (event: unknown): void => {
    const { request, webSocket } = event as WebSocketAcceptEvent
    if (request.url === PATH) accepted = webSocket
  }

  afterEach(() => {
    diagnosticsChannel.unsubscribe(CHANNEL, onAccept)
    accepted = undefined
  })

  async function open(options: WebSocketOptions = {}) {
    diagnosticsChannel.subscribe(CHANNEL, onAccept)
    let ws: WebSocket | undefined
    const app = express().use(useWebSockets(options))
    app.all(PATH, async (req) => void (ws = await acceptWsWebSocketAsync(req)))
    const answer = await requestWebSocket(app, PATH)
    await until(() => ws !== undefined)
    return { answer, ws }
  }

  function traffic(): number[] {
    return accepted === undefined ? [] : [accepted.bytesReceived, accepted.messagesReceived, accepted.bytesSent, accepted.messagesSent]
  }

  it('include the round-trip time of its last answered ping', async () => {
    const { answer } = await open({ keepAliveInterval: 5 })
    await using _ = answer
    await until(() => accepted?.roundTripTime !== undefined)
    expect(accepted?.roundTripTime).toBeGreaterThan(0)
  })

  it('count sent messages and bytes for each type of argument', async () => {
    const { answer, ws } = await open()
    await using _ = answer
    ws?.send('\u20ac')
    ws?.send(42)
    ws?.send(Buffer.alloc(4))
    ws?.send(new ArrayBuffer(5))
    ws?.send(new Uint16Array(3))
    ws?.send('part', { fin: false })
    ws?.send('s')
    ws?.ping()
    expect(traffic()).toEqual([0, 0, 3 + 2 + 4 + 5 + 6 + 5, 6])
    ws?.close()
    ws?.send('after its end')
    expect(traffic().slice(2)).toEqual([25, 6])
  })

  it.each(['nodebuffer', 'arraybuffer', 'fragments', 'blob'] as const)('count received messages and bytes as %s', async (binaryType) => {
    const { answer, ws } = await open()
    await using _ = answer
    if (ws === undefined) throw new Error('Nothing was accepted')
    ws.on('message', () => undefined)
    ws.binaryType = binaryType as typeof ws.binaryType
    await answer.webSocket.sendAsync('\u20ac')
    await answer.webSocket.sendAsync(Buffer.alloc(LONG))
    await until(() => accepted?.messagesReceived === 2)
    expect(traffic()).toEqual([3 + LONG, 2, 0, 0])
  })
})
