import { afterEach, describe, expect, it } from '@jest/globals'
import diagnosticsChannel from 'node:diagnostics_channel'
import { once } from 'node:events'
import express from 'express'
import type { Request } from 'express'
import { useWebSockets, WebSocketMessageType, WebSocketState } from 'express-use-websockets'
import type { ManagedWebSocket, WebSocketAcceptContext, WebSocketCloseEvent, WebSocketRateLimit } from 'express-use-websockets'
import { acceptWsWebSocketAsync } from 'express-use-websockets/ws'
import { everyTransport } from '../support/every-transport.ts'
import { Gate } from '../support/gate.ts'
import { closeHttp1Peers } from '../support/http1-peers.ts'
import { startHttp1Server } from '../support/http1-server.ts'
import { closeHttp2Peers } from '../support/http2-peers.ts'
import { closePayload, rawFrame } from '../support/raw-frames.ts'
import { until } from '../support/until.ts'
import { closeOf, closeWebSocketClients, openWebSocket } from '../support/web-socket-client.ts'
import { openRawPeer, transports } from '../ws/raw-peers.ts'

afterEach(async () => {
  closeWebSocketClients()
  closeHttp1Peers()
  await closeHttp2Peers()
})

/** Once an hour, which means never in a test. */
const NEVER = 1 / 3600

/** The messages that a server received from its first client, and the time of each since the first. */
class Reception {
  readonly texts: string[] = []
  readonly times: number[] = []
  request: Request | undefined

  note(text: string): void {
    this.times.push(performance.now() - this.#start)
    this.texts.push(text)
  }

  get lastTime(): number {
    return (this.times.at(-1) ?? 0) - (this.times[0] ?? 0)
  }

  readonly #start = performance.now()
}

type Receive = (request: Request, context: WebSocketAcceptContext, reception: Reception) => Promise<void>

/** All ways to receive. */
const receivers: readonly (readonly [name: string, receive: Receive])[] = [
  [
    'a loop',
    async (request, context, reception) => {
      const webSocket = await request.webSockets.acceptWebSocketAsync(context)
      for await (const message of webSocket) reception.note(String(message))
    },
  ],
  [
    'receiveAsync()',
    async (request, context, reception) => {
      const webSocket = await request.webSockets.acceptWebSocketAsync(context)
      const buffer = Buffer.alloc(100_000)
      let text = ''
      for (;;) {
        const { count, endOfMessage, messageType } = await webSocket.receiveAsync(buffer)
        if (messageType === WebSocketMessageType.Close) return
        text += buffer.toString('utf8', 0, count)
        if (!endOfMessage) continue
        reception.note(text)
        text = ''
      }
    },
  ],
  [
    'a socket of ws',
    async (request, context, reception) => {
      const ws = await acceptWsWebSocketAsync(request, context)
      ws.on('message', (data: Buffer) => reception.note(data.toString()))
    },
  ],
]

function createApp(receive: Receive, rateLimit: WebSocketRateLimit, context: WebSocketAcceptContext = {}) {
  const reception = new Reception()
  const app = express().use(useWebSockets({ rateLimit, closeAnswerTimeout: 10 }))
  app.all('/ws', async (request) => {
    reception.request = request
    await receive(request, context, reception)
  })
  return { app, reception }
}

const texts = Array.from({ length: 10 }, (_, index) => `message ${index}`)

describe.each(everyTransport)('a rate limit over %s', (_transport, serve) => {
  describe.each(receivers)('of %s', (_name, receive) => {
    it('admits a burst and then one message after another, and loses none', async () => {
      const { app, reception } = createApp(receive, { messagesPerSecond: 50, messageBurst: 4 })
      const client = await (await serve(app)).open('/ws')
      for (const text of texts) client.send(text)
      await until(() => reception.texts.length === texts.length)
      expect(reception.texts).toEqual(texts)
      // Six messages at 50 a second, less the duration of the burst itself and the clock's resolution.
      expect(reception.lastTime).toBeGreaterThan(110)
    })

    it('limits bytes in the same way', async () => {
      const { app, reception } = createApp(receive, { bytesPerSecond: 50_000, byteBurst: 10_000 })
      const client = await (await serve(app)).open('/ws')
      const long = texts.map((text) => text.padEnd(2500))
      for (const text of long) client.send(text)
      await until(() => reception.texts.length === texts.length)
      expect(reception.texts).toEqual(long)
      // The first four are the burst, and the last one may exceed the limit: five times 2,500 bytes.
      expect(reception.lastTime).toBeGreaterThan(200)
    })

    it('closes with 1008 at the first message above the limit if whenExceeded says so', async () => {
      const { app, reception } = createApp(receive, { messagesPerSecond: NEVER, messageBurst: 4, whenExceeded: 'close' })
      const client = await (await serve(app)).open('/ws')
      for (const text of texts) client.send(text)
      expect(await client.closed).toBe(1008)
      expect(reception.texts).toEqual(texts.slice(0, 4))
    })

    it('closes with 1008 after the bytes above the limit if whenExceeded says so', async () => {
      const { app, reception } = createApp(receive, { bytesPerSecond: NEVER, byteBurst: 20, whenExceeded: 'close' })
      const client = await (await serve(app)).open('/ws')
      for (const text of texts) client.send(text)
      expect(await client.closed).toBe(1008)
      // Nine bytes each.
      expect(reception.texts).toEqual(texts.slice(0, 3))
    })

    it('answers the Close frame of a client that has to wait', async () => {
      const { app, reception } = createApp(receive, { messagesPerSecond: NEVER, messageBurst: 4 }, { closeTimeout: 100 })
      const client = await (await serve(app)).open('/ws')
      for (const text of texts) client.send(text)
      await until(() => reception.texts.length === 4)
      client.close(3001)
      expect(await client.closed).toBe(3001)
      expect(reception.texts).toEqual(texts.slice(0, 4))
    })
  })
})

describe.each(receivers)('a rate limit of %s', (_name, receive) => {
  it.each([{}, { dangerousEnableCompression: true }])(
    'makes a client wait, and buffers no more than the read-ahead: %j',
    async (context) => {
      const { app, reception } = createApp(receive, { messagesPerSecond: NEVER, messageBurst: 2 }, context)
      const { client } = await openWebSocket(await startHttp1Server(app), '/ws', { perMessageDeflate: true })
      // Incompressible data.
      const noise = Buffer.from(Array.from({ length: 10_000 }, (_, index) => (index * index * 7919) % 251))
      for (let count = 0; count < 2000; count++) client.send(noise)
      // A socket of `ws` also pauses while it inflates.
      await until(() => reception.texts.length === 2 && reception.request?.socket.isPaused() === true)
      expect(reception.request?.socket.bytesRead).toBeLessThan(400_000)
      expect(client.bufferedAmount).toBeGreaterThan(0)
    },
  )

  it('answers the pings of a client that has to wait', async () => {
    const { app, reception } = createApp(receive, { messagesPerSecond: NEVER, messageBurst: 1 })
    const { client } = await openWebSocket(await startHttp1Server(app))
    client.send('one')
    client.send('two')
    client.ping('hello')
    const [payload] = (await once(client, 'pong')) as [Buffer]
    expect(payload.toString()).toBe('hello')
    expect(reception.texts).toEqual(['one'])
  })

  it('never delays a client below the limit', async () => {
    const { app, reception } = createApp(receive, { messagesPerSecond: 1_000_000, messageBurst: 3, whenExceeded: 'close' })
    const { client } = await openWebSocket(await startHttp1Server(app))
    for (let count = 1; count <= 100; count++) {
      client.send(String(count))
      await until(() => reception.texts.length === count)
    }
    expect(client.readyState).toBe(client.OPEN)
  })

  it('can be disabled for one socket', async () => {
    const none = { rateLimit: { messagesPerSecond: Infinity } }
    const { app, reception } = createApp(receive, { messagesPerSecond: NEVER, whenExceeded: 'close' }, none)
    const { client } = await openWebSocket(await startHttp1Server(app))
    for (const text of texts) client.send(text)
    await until(() => reception.texts.length === texts.length)
    expect(reception.texts).toEqual(texts)
  })
})

describe('a rate limit for a socket of ws', () => {
  const CHANNEL = 'express-use-websockets:close'
  const PATH = '/ws/of-rate-limits'
  const events: WebSocketCloseEvent[] = []
  const record = (event: unknown): void => {
    const closeEvent = event as WebSocketCloseEvent
    if (closeEvent.request.url === PATH) events.push(closeEvent)
  }

  afterEach(() => void diagnosticsChannel.unsubscribe(CHANNEL, record))

  it('reports the exceeded limit on the close channel, and counts the messages', async () => {
    diagnosticsChannel.subscribe(CHANNEL, record)
    const rateLimit = { messagesPerSecond: NEVER, messageBurst: 1, whenExceeded: 'close' } as const
    const app = express().use(useWebSockets({ rateLimit }))
    app.all(PATH, async (req) => void (await acceptWsWebSocketAsync(req)))
    const { client } = await openWebSocket(await startHttp1Server(app), PATH)
    client.send('one')
    client.send('two')
    expect(await closeOf(client)).toEqual([1008, ''])
    await until(() => events.length > 0)
    expect(events).toMatchObject([{ peerCloseStatus: 1008, completion: { error: { code: 'ERR_WEBSOCKET_RATE_LIMIT_EXCEEDED' } } }])
  })

  it.each(transports)('closes with 1008, and aborts if the client does not answer and keeps sending, over %s', async (transport) => {
    const rateLimit = { messagesPerSecond: NEVER, messageBurst: 2, whenExceeded: 'close' } as const
    const app = express().use(useWebSockets({ rateLimit }))
    const emitted: string[] = []
    app.all('/ws', async (req) => {
      const ws = await acceptWsWebSocketAsync(req)
      ws.on('message', (data: Buffer) => emitted.push(data.toString()))
    })
    const peer = await openRawPeer(transport, app)
    const flood = Buffer.concat(Array.from({ length: 1000 }, () => rawFrame(1, 'flood')))
    const sent = (async () => {
      while ((await Promise.race([peer.send(flood).then(() => 'sent'), peer.ended])) === 'sent');
    })()
    expect(await peer.nextFrame()).toMatchObject({ opcode: 8, payload: closePayload(1008) })
    await peer.ended
    await sent.catch(() => undefined)
    expect(emitted).toEqual(['flood', 'flood'])
  })

  it("emits the messages in front of the client's Close frame at the limited rate, and then its end", async () => {
    const app = express().use(useWebSockets({ rateLimit: { messagesPerSecond: 100, messageBurst: 1 } }))
    const emitted: string[] = []
    app.all('/ws', async (req) => {
      const ws = await acceptWsWebSocketAsync(req)
      ws.on('message', (data: Buffer) => emitted.push(data.toString()))
      ws.on('close', (code) => emitted.push(`closed ${code}`))
    })
    const { client } = await openWebSocket(await startHttp1Server(app))
    for (const text of texts) client.send(text)
    client.close(3001)
    await until(() => emitted.length > texts.length)
    expect(emitted).toEqual([...texts, 'closed 3001'])
  })
})

describe('a rate limit for a ManagedWebSocket', () => {
  async function accept(rateLimit: WebSocketRateLimit) {
    const gate = new Gate()
    let accepted: ManagedWebSocket | undefined
    const app = express().use(useWebSockets())
    app.all('/ws', async (req) => {
      accepted = await req.webSockets.acceptWebSocketAsync({ rateLimit, closeTimeout: 200 })
      gate.open()
    })
    const { client } = await openWebSocket(await startHttp1Server(app))
    await gate.opened
    if (accepted === undefined) throw new Error('Nothing was accepted')
    return { client, webSocket: accepted }
  }

  it('reports the exceeded limit in completion', async () => {
    const { client, webSocket } = await accept({ messagesPerSecond: NEVER, messageBurst: 1, whenExceeded: 'close' })
    client.send('one')
    client.send('two')
    const received: unknown[] = []
    for await (const message of webSocket) received.push(message)
    expect(received).toEqual(['one'])
    const { error } = await webSocket.completion
    expect(error).toMatchObject({ code: 'ERR_WEBSOCKET_RATE_LIMIT_EXCEEDED' })
    expect(webSocket.state).toBe(WebSocketState.Aborted)
  })

  it('does not close because of messages that arrived while the handler was busy', async () => {
    const { client, webSocket } = await accept({ messagesPerSecond: 20, messageBurst: 2, whenExceeded: 'close' })
    const messages = webSocket[Symbol.asyncIterator]()
    client.send('first')
    await messages.next()
    // Ten messages a second.
    const sent = (async () => {
      for (let count = 0; count < 5; count++) {
        const next = performance.now() + 100
        await until(() => performance.now() >= next)
        client.send(String(count))
      }
    })()
    await sent
    const received: unknown[] = []
    for (let count = 0; count < 5; count++) received.push((await messages.next()).value)
    expect(received).toEqual(['0', '1', '2', '3', '4'])
    expect(webSocket.state).toBe(WebSocketState.Open)
  })

  it('ends with closeAsync() of the application, which discards queued messages', async () => {
    const { client, webSocket } = await accept({ messagesPerSecond: NEVER, messageBurst: 1 })
    for (const text of texts) client.send(text)
    const received: unknown[] = []
    const loop = (async () => {
      for await (const message of webSocket) received.push(message)
    })()
    await until(() => received.length === 1)
    const closed = closeOf(client)
    await webSocket.closeAsync(4000)
    expect(await closed).toEqual([4000, ''])
    await loop
    expect((await webSocket.completion).wasClean).toBe(true)
  })

  it.each([
    ['aborts', 'ABORT_ERR', (webSocket: ManagedWebSocket) => webSocket.abort()],
    ['disposes', 'ERR_WEBSOCKET_CLOSED_PREMATURELY', (webSocket: ManagedWebSocket) => webSocket.dispose()],
  ])('settles every receive if the application %s', async (_name, code, end) => {
    const { client, webSocket } = await accept({ messagesPerSecond: NEVER, messageBurst: 1 })
    for (const text of texts) client.send(text)
    await webSocket.receiveAsync(Buffer.alloc(100))
    const [one, other] = [webSocket.receiveAsync(Buffer.alloc(100)), webSocket.receiveAsync(Buffer.alloc(100))]
    client.ping()
    await once(client, 'pong')
    end(webSocket)
    await expect(one).rejects.toMatchObject({ code })
    await expect(other).rejects.toMatchObject({ code })
    await webSocket.completion
  })

  it('ends a waiting loop if the client vanishes', async () => {
    const { client, webSocket } = await accept({ messagesPerSecond: NEVER, messageBurst: 1 })
    for (const text of texts) client.send(text)
    const received: unknown[] = []
    const loop = (async () => {
      for await (const message of webSocket) received.push(message)
    })()
    await until(() => received.length === 1)
    client.terminate()
    await loop
    expect(received).toEqual(['message 0'])
  })

  it('ends with the cancellation of a waiting receive', async () => {
    const { client, webSocket } = await accept({ messagesPerSecond: NEVER, messageBurst: 1 })
    for (const text of texts) client.send(text)
    await webSocket.receiveAsync(Buffer.alloc(100))
    const controller = new AbortController()
    const received = webSocket.receiveAsync(Buffer.alloc(100), controller.signal)
    controller.abort()
    await expect(received).rejects.toMatchObject({ code: 'ABORT_ERR' })
  })

  it('slows down a long message between its parts', async () => {
    const { client, webSocket } = await accept({ bytesPerSecond: 1_000_000, byteBurst: 100_000 })
    client.send(Buffer.alloc(400_000))
    const start = performance.now()
    for await (const message of webSocket) {
      expect(message).toHaveLength(400_000)
      break
    }
    expect(performance.now() - start).toBeGreaterThan(50)
  })

  it('delivers messages in front of an answered Close frame at the limited rate', async () => {
    const { client, webSocket } = await accept({ messagesPerSecond: 100, messageBurst: 1 })
    for (const text of texts) client.send(text)
    client.close(3001)
    const received: unknown[] = []
    for await (const message of webSocket) received.push(message)
    expect(received).toEqual(texts)
    expect(webSocket.closeStatus).toBe(3001)
  })
})

/** Invalid options, and the error messages. */
const wrong: readonly (readonly [value: unknown, message: RegExp])[] = [
  [null, /'rateLimit' must be an object. Received null/],
  [10, /'rateLimit' must be an object. Received 10/],
  [{}, /'rateLimit' must have messagesPerSecond or bytesPerSecond, or both. Received \{\}/],
  [{ messageBurst: 1 }, /'rateLimit' must have messagesPerSecond/],
  [{ messagesPerSecond: 0 }, /'rateLimit.messagesPerSecond' must be a number of messages per second, more than 0, or Infinity. Received 0/],
  [{ messagesPerSecond: Number.NaN }, /'rateLimit.messagesPerSecond' .* Received NaN/],
  [{ messagesPerSecond: '10' }, /'rateLimit.messagesPerSecond' .* Received '10'/],
  [{ bytesPerSecond: -1 }, /'rateLimit.bytesPerSecond' must be a number of bytes per second/],
  [{ messagesPerSecond: 1, messageBurst: 0 }, /'rateLimit.messageBurst' must be a number of messages, 1 or more, or Infinity. Received 0/],
  [{ messagesPerSecond: 1, byteBurst: 0.5 }, /'rateLimit.byteBurst' must be a number of bytes/],
  [{ messagesPerSecond: 1, whenExceeded: 'drop' }, /'rateLimit.whenExceeded' must be 'wait' or 'close'. Received 'drop'/],
  [{ messagePerSecond: 1 }, /there is no option 'rateLimit.messagePerSecond'. Did you mean 'messagesPerSecond'\?/],
]

describe.each(wrong)('rateLimit: %j', (value, message) => {
  it('throws an error at the call that gets it', async () => {
    const rateLimit = value as WebSocketRateLimit
    expect(() => useWebSockets({ rateLimit })).toThrow(message)
    let error: unknown
    const app = express().use(useWebSockets())
    app.all('/ws', async (req, res) => {
      error = await req.webSockets.acceptWebSocketAsync({ rateLimit }).catch((reason: unknown) => reason)
      res.end()
    })
    await openWebSocket(await startHttp1Server(app)).catch(() => undefined)
    await until(() => error !== undefined)
    expect(error).toMatchObject({ code: 'ERR_WEBSOCKET_INVALID_ARGUMENT', message: expect.stringMatching(message) })
  })
})
