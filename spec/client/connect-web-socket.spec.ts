import { afterEach, describe, expect, it } from '@jest/globals'
import { once } from 'node:events'
import type { IncomingMessage } from 'node:http'
import { createServer } from 'node:net'
import type { AddressInfo } from 'node:net'
import express from 'express'
import type { Request } from 'express'
import { useWebSockets, webSocketHandler } from 'express-use-websockets'
import type { ManagedWebSocket } from 'express-use-websockets'
import { connectWebSocket } from 'express-use-websockets/client'
import type {
  ReconnectingWebSocket,
  ReconnectingWebSocketOptions,
  WebSocketClass,
  WebSocketCloseEvent,
} from 'express-use-websockets/client'
import { Gate } from '../support/gate.ts'
import { closeTcpLinks, TcpLink } from '../support/tcp-link.ts'
import { closeRestartableServers, RestartableServer } from './restartable-server.ts'
import { webSocketClasses } from './web-socket-classes.ts'

const clients: ReconnectingWebSocket[] = []

afterEach(async () => {
  for (const client of clients.splice(0)) client.close()
  closeTcpLinks()
  await closeRestartableServers()
})

type Handler = (webSocket: ManagedWebSocket, request: Request) => Promise<unknown>

/** Serves WebSockets. */
async function serve(handler: Handler, subProtocols: readonly string[] = []): Promise<RestartableServer> {
  const app = express().use(useWebSockets())
  app.use(
    webSocketHandler<Request>(
      async (webSocket, request) => void (await handler(webSocket, request)),
      (request) => ({ subProtocol: subProtocols.find((name) => request.webSockets.webSocketRequestedProtocols.includes(name)) ?? null }),
    ),
  )
  return RestartableServer.start(app)
}

/** Echoes each message. The first message that it sends is the URL of the request. */
const echo: Handler = async (webSocket, { url }) => {
  await webSocket.sendAsync(url)
  for await (const message of webSocket) await webSocket.sendAsync(message)
}

/** The messages that a server has received, in order. */
class Inbox {
  readonly messages: string[] = []
  readonly #waiting: { readonly count: number; readonly gate: Gate }[] = []

  readonly handler: Handler = async (webSocket) => {
    for await (const message of webSocket) {
      this.messages.push(typeof message === 'string' ? message : `bytes ${message.toString('hex')}`)
      for (const { count, gate } of this.#waiting) if (this.messages.length >= count) gate.open()
    }
  }

  async until(count: number): Promise<readonly string[]> {
    const gate = new Gate()
    this.#waiting.push({ count, gate })
    if (this.messages.length >= count) gate.open()
    await gate.opened
    return this.messages
  }
}

async function nextClose(client: ReconnectingWebSocket): Promise<WebSocketCloseEvent> {
  const [event] = (await once(client, 'close')) as [WebSocketCloseEvent]
  return event
}

async function nextData(client: ReconnectingWebSocket): Promise<string | ArrayBuffer> {
  const [event] = (await once(client, 'message')) as [{ readonly data: string | ArrayBuffer }]
  return event.data
}

function connectWith(
  WebSocket: WebSocketClass,
  address: number | Parameters<typeof connectWebSocket>[0],
  options: ReconnectingWebSocketOptions = {},
): ReconnectingWebSocket {
  const client = connectWebSocket(typeof address === 'number' ? `ws://127.0.0.1:${address}/ws` : address, {
    WebSocket,
    baseDelay: 1,
    maxDelay: 20,
    ...options,
  })
  clients.push(client)
  return client
}

describe.each(webSocketClasses)('connectWebSocket, with the WebSocket of %s', (_name, WebSocket) => {
  it('connects, sends and receives text and bytes', async () => {
    const { port } = await serve(echo)
    const client = connectWith(WebSocket, port)
    expect(client.state).toBe('connecting')
    expect(client.socket).toBe(undefined)
    const first = nextData(client)
    await once(client, 'open')
    expect(client.state).toBe('open')
    expect(client.socket?.url).toBe(`ws://127.0.0.1:${port}/ws`)
    expect(await first).toBe('/ws')
    expect(client.send('text')).toBe(true)
    expect(await nextData(client)).toBe('text')
    client.send(Uint8Array.of(9, 1, 2, 3).subarray(1))
    expect(new Uint8Array((await nextData(client)) as ArrayBuffer)).toEqual(Uint8Array.of(1, 2, 3))
  })

  it.each([
    ['http:', (port: number) => `http://127.0.0.1:${port}/other`],
    ['a URL', (port: number) => new URL(`ws://127.0.0.1:${port}/other`)],
    ['a function', (port: number) => () => `ws://127.0.0.1:${port}/other`],
    ['a function with a promise', (port: number) => async () => new URL(`http://127.0.0.1:${port}/other`)],
  ])('accepts %s as the address', async (_kind, addressOf) => {
    const { port } = await serve(echo)
    expect(await nextData(connectWith(WebSocket, addressOf(port)))).toBe('/other')
  })

  const codes: readonly (readonly [code: number | 'abort' | 'none', reason: string, isRetryable: boolean])[] = [
    [1000, '', false],
    [1001, '', true],
    [1002, '', false],
    [1003, '', false],
    ['none', '', false],
    ['abort', '', true],
    [1007, '', false],
    [1008, '', false],
    [1009, '', false],
    [1010, '', false],
    [1011, '', true],
    [1012, '', true],
    [1013, '', true],
    [1014, '', true],
    [3000, '', false],
    [3003, '', false],
    [3008, '', true],
    [4000, '', false],
    [4999, '', false],
    [1008, 'retry-after=0', true],
    [4429, 'Too many requests, retry-after=0', true],
    [1008, 'retry-after=0 please', true],
    [1008, 'no-retry-after=0', false],
    [1008, 'retry-after=-1', false],
    [1008, 'retry-after=1.5', false],
    [1008, 'retry-after=12345', false],
    [1008, 'retry-after=', false],
    [1008, 'Retry-After: 0', false],
    [1008, '\u{1f44b}'.repeat(30), false],
  ]

  it.each(codes)('after a close with %s %j reconnects: %p', async (code, reason, isRetryable) => {
    const server = await serve(async (webSocket) => {
      if (code === 'abort') webSocket.abort()
      else if (code === 'none') await webSocket[Symbol.asyncDispose]()
      else await webSocket.closeAsync(code, reason)
    })
    const client = connectWith(WebSocket, server.port)
    const event = await nextClose(client)
    expect([event.code, event.reason]).toEqual([typeof code === 'number' ? code : { abort: 1006, none: 1005 }[code], reason])
    expect(event.retryDelay === null).toBe(!isRetryable)
    expect(client.state).toBe(isRetryable ? 'waiting' : 'closed')
    await (isRetryable ? once(client, 'open') : client.completion)
  })

  it('waits as long as the server asks for, and a little longer', async () => {
    const { port } = await serve(async (webSocket) => webSocket.closeAsync(1013, 'retry-after=90'))
    const { retryDelay } = await nextClose(connectWith(WebSocket, port))
    expect(retryDelay).toBeGreaterThanOrEqual(90_000)
    expect(retryDelay).toBeLessThan(90_001)
  })

  it('waits a random time up to a limit, which doubles up to a maximum', async () => {
    const server = await serve(echo)
    await server.kill()
    const client = connectWith(WebSocket, server.port, { baseDelay: 1, maxDelay: 6 })
    const delays: number[] = []
    while (delays.length < 30) {
      const { attempt, code, retryDelay, wasClean } = await nextClose(client)
      expect([attempt, code, wasClean]).toEqual([delays.length + 1, 1006, false])
      delays.push(retryDelay ?? Infinity)
    }
    for (const [index, delay] of delays.entries()) expect(delay).toBeLessThan(Math.min(6, 2 ** index))
    // Random: some delays are short, some are long.
    expect(Math.min(...delays.slice(3))).toBeLessThan(3)
    expect(Math.max(...delays)).toBeGreaterThan(3)
  })

  it('resets the number of failures after a connection that lasted', async () => {
    const server = await serve(async (webSocket) => {
      for await (const _message of webSocket) webSocket.abort()
    })
    const client = connectWith(WebSocket, server.port, { maxDelay: 10 })
    await once(client, 'open')
    client.send('end')
    expect((await nextClose(client)).attempt).toBe(1)
    await once(client, 'open')
    const openedAt = performance.now()
    await new Promise((resolve) => setTimeout(resolve, 20))
    expect(performance.now() - openedAt).toBeGreaterThan(10)
    client.send('end')
    expect((await nextClose(client)).attempt).toBe(1)
  })

  it('keeps counting failures after a connection that did not last', async () => {
    const server = await serve(async (webSocket) => webSocket.abort())
    const client = connectWith(WebSocket, server.port, { maxDelay: 1e9, baseDelay: 0.001 })
    for (const attempt of [1, 2, 3]) expect((await nextClose(client)).attempt).toBe(attempt)
  })

  it('counts on when the clock of the system is set forward', async () => {
    const { port } = await serve(async (webSocket) => webSocket.closeAsync(1012))
    const client = connectWith(WebSocket, port, { maxDelay: 60_000 })
    const before = Date.now
    client.addEventListener('open', () => {
      Date.now = () => before() + 3_600_000
    })
    try {
      expect([await nextClose(client), await nextClose(client)].map(({ attempt }) => attempt)).toEqual([1, 2])
    } finally {
      Date.now = before
    }
  })

  it('reconnects without a delay after any number of failures', async () => {
    const client = connectWith(
      WebSocket,
      () => {
        throw new Error('no address')
      },
      { baseDelay: 0 },
    )
    let last = await nextClose(client)
    while (last.attempt < 1030 && last.retryDelay === 0) last = await nextClose(client)
    expect([last.attempt, last.retryDelay]).toEqual([1030, 0])
  })

  it('reconnects to a server that is killed and restarted, any number of times', async () => {
    const server = await serve(echo)
    const client = connectWith(WebSocket, server.port)
    client.subscribe('news')
    for (let round = 0; round < 4; round++) {
      expect(await nextData(client)).toBe('/ws')
      expect(await nextData(client)).toBe('news')
      const closed = nextClose(client)
      await server.kill()
      expect((await closed).code).toBe(1006)
      await nextClose(client)
      await server.start()
    }
    expect(await nextData(client)).toBe('/ws')
  })

  it('evaluates the address and the sub-protocols for each attempt', async () => {
    let count = 0
    const server = await serve(
      async (webSocket, { url }) => {
        await webSocket.sendAsync(`${url} ${webSocket.subProtocol}`)
        await webSocket.closeAsync(1001)
      },
      ['token-1', 'token-2'],
    )
    const client = connectWith(WebSocket, async () => `ws://127.0.0.1:${server.port}/?ticket=${++count}`, {
      subProtocols: () => [`token-${count}`],
    })
    expect(await nextData(client)).toBe('/?ticket=1 token-1')
    expect(await nextData(client)).toBe('/?ticket=2 token-2')
  })

  it('offers sub-protocols', async () => {
    const server = await serve(echo, ['two'])
    const client = connectWith(WebSocket, server.port, { subProtocols: ['one', 'two'] })
    await once(client, 'open')
    expect(client.socket?.protocol).toBe('two')
  })

  it('keeps trying if the function for the address throws or rejects, and reports the error', async () => {
    const { port } = await serve(echo)
    const errors = [new Error('logged out'), new Error('offline')]
    let count = 0
    const client = connectWith(WebSocket, (): string | Promise<string> => {
      const error = errors[count++]
      if (count === 1) throw error
      return error === undefined ? `ws://127.0.0.1:${port}/` : Promise.reject(error)
    })
    expect(await nextClose(client)).toMatchObject({ code: 1006, reason: 'Error: logged out', error: errors[0], attempt: 1 })
    expect(await nextClose(client)).toMatchObject({ code: 1006, reason: 'Error: offline', error: errors[1], attempt: 2 })
    await once(client, 'open')
  })

  it.each([
    ['no address', 'not an address'],
    ['nothing', undefined as unknown as string],
  ])('keeps trying if that function returns %s', async (_kind, address) => {
    const client = connectWith(WebSocket, () => address)
    expect(await nextClose(client)).toMatchObject({ code: 1006, retryDelay: expect.any(Number), error: { argument: 'address' } })
  })

  it('stops if no WebSocket can be constructed, and reports the error', async () => {
    const client = connectWith(WebSocket, 'ws://127.0.0.1/', { subProtocols: ['in valid'] })
    expect(await client.completion).toMatchObject({ code: 1006, retryDelay: null, error: { name: 'SyntaxError' } })
  })

  it('abandons an attempt that takes too long: a pending address, or a server that does not answer', async () => {
    const silent = createServer().listen(0, '127.0.0.1')
    await once(silent, 'listening')
    try {
      let count = 0
      const address = `ws://127.0.0.1:${(silent.address() as AddressInfo).port}/`
      const client = connectWith(WebSocket, () => (count++ === 0 ? new Promise<string>(() => undefined) : address), { connectTimeout: 30 })
      expect(await nextClose(client)).toMatchObject({ code: 1006, reason: 'connectTimeout', attempt: 1 })
      expect(await nextClose(client)).toMatchObject({ code: 1006, reason: 'connectTimeout', attempt: 2 })
      client.close()
    } finally {
      silent.close()
    }
  })

  it('has one connection at a time, even if the address is late', async () => {
    const addresses: ((address: string) => void)[] = []
    let opened = 0
    const { port } = await serve(async (webSocket) => {
      opened++
      await webSocket.completion
    })
    const asked = new Gate()
    const client = connectWith(
      WebSocket,
      () =>
        new Promise<string>((resolve) => {
          addresses.push(resolve)
          if (addresses.length === 3) asked.open()
        }),
    )
    client.reconnect()
    client.reconnect()
    await asked.opened
    for (const resolve of addresses) resolve(`ws://127.0.0.1:${port}/`)
    await once(client, 'open')
    client.send('so that it has arrived')
    expect(opened).toBe(1)
  })

  it('sends the messages of subscribe first, then those of open listeners, then queued ones', async () => {
    const inbox = new Inbox()
    const server = await serve(inbox.handler)
    const client = connectWith(WebSocket, server.port)
    expect(client.send('waits 1')).toBe(true)
    const unsubscribe = client.subscribe('subscribe a')
    client.subscribe(Uint8Array.of(0xab))
    client.addEventListener('open', () => client.send('open'))
    expect(client.send(Uint8Array.of(1, 2).subarray(1))).toBe(true)
    expect(client.send('')).toBe(true)
    expect(await inbox.until(6)).toEqual(['subscribe a', 'bytes ab', 'open', 'waits 1', 'bytes 02', ''])
    unsubscribe()
    unsubscribe()
    client.reconnect()
    client.send('waits 2')
    expect((await inbox.until(9)).slice(6)).toEqual(['bytes ab', 'open', 'waits 2'])
    client.subscribe('subscribe b')
    expect((await inbox.until(10)).slice(9)).toEqual(['subscribe b'])
  })

  it('copies queued data', async () => {
    const inbox = new Inbox()
    const server = await serve(inbox.handler)
    const client = connectWith(WebSocket, server.port)
    const bytes = Uint8Array.of(1, 2, 3)
    client.send(bytes)
    client.send(bytes.buffer)
    client.send(new DataView(bytes.buffer, 1))
    client.subscribe(bytes)
    bytes.fill(0)
    expect(await inbox.until(4)).toEqual(['bytes 010203', 'bytes 010203', 'bytes 010203', 'bytes 0203'])
  })

  it.each<[what: string, options: ReconnectingWebSocketOptions, accepted: readonly boolean[], sent: readonly string[]]>([
    ['maxQueuedMessages messages', { maxQueuedMessages: 2 }, [true, true, false, false], ['12345', '6']],
    ['maxQueuedBytes bytes of UTF-8', { maxQueuedBytes: 6 }, [true, true, false, true], ['12345', '6', '']],
    ['no message', { maxQueuedMessages: 0 }, [false, false, false, false], []],
  ])('queues %s, and reports which messages it drops', async (_what, options, accepted, sent) => {
    const inbox = new Inbox()
    const server = await serve(inbox.handler)
    const client = connectWith(WebSocket, server.port, options)
    expect(['12345', '6', '\u00fc', ''].map((text) => client.send(text))).toEqual(accepted)
    await once(client, 'open')
    expect(client.send('last')).toBe(true)
    expect(await inbox.until(sent.length + 1)).toEqual([...sent, 'last'])
    client.reconnect()
    expect(client.send('12345')).toBe(accepted[0])
  })

  it('pings, and delivers all messages except the answers', async () => {
    const pings: string[] = []
    const { port } = await serve(async (webSocket) => {
      for await (const message of webSocket) {
        pings.push(String(message))
        await webSocket.sendAsync('{"type":"pong"}')
        await webSocket.sendAsync(`ping ${pings.length}`)
      }
    })
    const client = connectWith(WebSocket, port, {
      pingInterval: 500,
      pingMessage: '{"type":"ping"}',
      isPong: (data) => data === '{"type":"pong"}',
    })
    const received: unknown[] = []
    for await (const message of client) if (received.push(message) === 2) break
    expect(received).toEqual(['ping 1', 'ping 2'])
    expect(pings).toEqual(['{"type":"ping"}', '{"type":"ping"}'])
    expect(client.state).toBe('open')
  })

  it('delivers a pong if it does not ping', async () => {
    const { port } = await serve(async (webSocket) => webSocket.sendAsync('pong'))
    expect(await nextData(connectWith(WebSocket, port))).toBe('pong')
  })

  it('drops a connection that is silent for two intervals, and reconnects', async () => {
    const server = await serve(async (webSocket) => {
      for await (const message of webSocket) await webSocket.sendAsync(message === 'ping' ? 'pong' : message)
    })
    const link = await TcpLink.open(server.port)
    const client = connectWith(WebSocket, link.port, { pingInterval: 200, connectTimeout: 1000 })
    await once(client, 'open')
    client.send('hello')
    expect(await nextData(client)).toBe('hello')
    const since = performance.now()
    link.freeze()
    expect(await nextClose(client)).toMatchObject({ code: 1006, reason: 'No pong', wasClean: false })
    expect(performance.now() - since).toBeGreaterThan(150)
    await once(client, 'open')
  })

  it('ends each loop over its messages when it is closed permanently, and not before', async () => {
    const server = await serve(echo)
    const client = connectWith(WebSocket, server.port)
    const collect = async (): Promise<unknown[]> => {
      const messages: unknown[] = []
      for await (const message of client) messages.push(message)
      return messages
    }
    const [one, other] = [collect(), collect()]
    await nextData(client)
    client.reconnect()
    await nextData(client)
    client.close()
    expect(await one).toEqual(['/ws', '/ws'])
    expect(await other).toEqual(['/ws', '/ws'])
    expect(await collect()).toEqual([])
  })

  it('loses no message that arrives while a loop is busy', async () => {
    const { port } = await serve(async (webSocket) => {
      for (let count = 0; count < 1000; count++) await webSocket.sendAsync(String(count))
      await webSocket.closeAsync(1000)
    })
    const client = connectWith(WebSocket, port)
    const received: unknown[] = []
    for await (const message of client) {
      if (received.push(message) === 1) await client.completion
    }
    expect(received).toEqual(Array.from({ length: 1000 }, (_, count) => String(count)))
  })

  it.each<[when: string, reach: (client: ReconnectingWebSocket, server: RestartableServer) => Promise<unknown>]>([
    ['connecting', async () => undefined],
    ['open', async (client) => once(client, 'open')],
    [
      'waiting',
      async (client, server) => {
        await once(client, 'open')
        await server.kill()
        await nextClose(client)
      },
    ],
  ])('can be closed permanently while it is %s', async (when, reach) => {
    const server = await serve(echo)
    const client = connectWith(WebSocket, server.port, { baseDelay: 1e6, maxDelay: 1e6 })
    await reach(client, server)
    expect(client.state).toBe(when)
    client.close(4000, 'enough')
    client.close(4001, 'again')
    expect(client.state).toBe(when === 'open' ? 'closing' : 'closed')
    expect(client.send('late')).toBe(false)
    client.reconnect()
    expect(await client.completion).toMatchObject({ code: 4000, reason: 'enough', wasClean: true, retryDelay: null })
    expect(client.state).toBe('closed')
    expect(client.socket).toBe(undefined)
  })

  it('sends what was sent before close()', async () => {
    const inbox = new Inbox()
    const server = await serve(inbox.handler)
    const client = connectWith(WebSocket, server.port)
    await once(client, 'open')
    client.send('last words')
    client.close()
    expect(await inbox.until(1)).toEqual(['last words'])
  })

  it.each(['before', 'while it is open'])('closes if its signal is aborted %s', async (when) => {
    const server = await serve(echo)
    const controller = new AbortController()
    if (when === 'before') controller.abort()
    const client = connectWith(WebSocket, server.port, { signal: controller.signal })
    if (when !== 'before') {
      await once(client, 'open')
      controller.abort()
    }
    expect(await client.completion).toMatchObject({ code: 1000, wasClean: true, retryDelay: null })
  })

  it('leaves the decision to shouldReconnect, which gets the default', async () => {
    const heard: unknown[] = []
    const server = await serve(async (webSocket, { query }) => webSocket.closeAsync(Number(query['code']), 'bye'))
    const toSend = [1001, 1000, 4000]
    const client = connectWith(WebSocket, () => `ws://127.0.0.1:${server.port}/?code=${toSend.shift()}`, {
      // No connection lasts long enough to reset the number of failures.
      maxDelay: 1e9,
      shouldReconnect: ({ code, reason, wasClean }, byDefault, attempt) => {
        heard.push([code, reason, wasClean, byDefault, attempt])
        return attempt < 3
      },
    })
    expect(await client.completion).toMatchObject({ code: 4000, attempt: 3 })
    expect(heard).toEqual([
      [1001, 'bye', true, true, 1],
      [1000, 'bye', true, false, 2],
      [4000, 'bye', true, false, 3],
    ])
  })

  it.each<[what: string, act: (client: ReconnectingWebSocket) => void, states: readonly string[]]>([
    ['close()', (client) => client.close(4000), ['closed']],
    ['reconnect()', (client) => client.reconnect(), ['connecting']],
  ])('lets a listener call %s', async (_what, act, states) => {
    const server = await serve(async (webSocket) => webSocket.abort())
    const client = connectWith(WebSocket, server.port)
    const seen = new Promise<string>((resolve) => {
      client.addEventListener(
        'close',
        () => {
          act(client)
          resolve(client.state)
        },
        { once: true },
      )
    })
    expect([await seen]).toEqual(states)
  })

  it('can be closed in shouldReconnect', async () => {
    const server = await serve(async (webSocket) => webSocket.abort())
    const client = connectWith(WebSocket, server.port, {
      shouldReconnect: () => {
        client.close(4000)
        return true
      },
    })
    expect((await client.completion).retryDelay).toBe(null)
  })

  const nonsense: readonly (readonly [what: string, bytes: string | Buffer])[] = [
    ['an answer that is not a WebSocket handshake', 'HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n'],
    ['a refusal', 'HTTP/1.1 401 Unauthorized\r\nContent-Length: 0\r\n\r\n'],
    ['an answer that is not HTTP', Buffer.from([0, 255, 1, 2, 3])],
    ['nothing', ''],
  ]

  it.each(nonsense)('treats %s as a failure', async (_what, bytes) => {
    const server = createServer((socket) => socket.on('error', () => undefined).end(bytes)).listen(0, '127.0.0.1')
    await once(server, 'listening')
    try {
      const client = connectWith(WebSocket, (server.address() as AddressInfo).port)
      expect(await nextClose(client)).toMatchObject({ code: 1006, wasClean: false, retryDelay: expect.any(Number) })
      client.close()
    } finally {
      server.close()
    }
  })
})

// A WebSocket of `ws` accepts more codes, and after a protocol error waits 30 seconds for the end of the connection.
describe.each(webSocketClasses.filter(([name]) => name !== 'ws'))(
  'connectWebSocket, with the WebSocket of %s, which is like that of browsers',
  (_name, WebSocket) => {
    it('throws an error for a close code that a page must not send, and stays open', async () => {
      const server = await serve(echo)
      const client = connectWith(WebSocket, server.port)
      await once(client, 'open')
      expect(() => client.close(1001)).toThrow(/code/)
      expect(() => client.close(1000, 'x'.repeat(124))).toThrow(/[Rr]eason/)
      expect(client.state).toBe('open')
      client.send('still here')
      expect(await nextData(client)).toBe('/ws')
      expect(await nextData(client)).toBe('still here')
    })

    it.each([
      ['invalid UTF-8 in text', Buffer.from([0x81, 1, 0xff])],
      ['a reserved opcode', Buffer.from([0x83, 0])],
      ['a Close frame with a code of one byte', Buffer.from([0x88, 1, 3])],
      ['a Close frame with a reserved code', Buffer.from([0x88, 2, 3, 0xee])],
    ])('ends the connection without an exception if a frame has %s', async (_what, bytes) => {
      const app = express().use(useWebSockets())
      app.use(
        webSocketHandler<Request & IncomingMessage>(async (webSocket, { socket }) => {
          socket.write(bytes)
          await webSocket.completion
        }),
      )
      const server = await RestartableServer.start(app)
      const client = connectWith(WebSocket, server.port)
      expect((await nextClose(client)).code).toBeGreaterThanOrEqual(1002)
    })
  },
)
