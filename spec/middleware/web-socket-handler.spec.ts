import { afterEach, describe, expect, it } from '@jest/globals'
import type { IncomingMessage } from 'node:http'
import type { ErrorRequestHandler, Express, NextFunction, Request, Response } from 'express'
import { prepareMessage, useWebSockets, WebSocketException, webSocketHandler } from 'express-use-websockets'
import type { ManagedWebSocket, WebSocketAcceptContext, WebSocketCompletion } from 'express-use-websockets'
import { requestWebSocket } from 'express-use-websockets/testing'
import { expressVersions } from '../support/express-versions.ts'
import { closeHttp1Peers } from '../support/http1-peers.ts'
import { startHttp1Server } from '../support/http1-server.ts'
import { closeHttp2Peers, connectHttp2, request as requestHttp2, startHttp2Server } from '../support/http2-peers.ts'
import { handshakeHead, RawHttp1Client } from '../support/raw-http1.ts'
import { until } from '../support/until.ts'
import { closeOf, nextMessage, openWebSocket } from '../support/web-socket-client.ts'

afterEach(closeHttp1Peers)

afterEach(closeHttp2Peers)

describe.each(expressVersions)('webSocketHandler, on %s', (_, express) => {
  type Handler = (webSocket: ManagedWebSocket, request: Request) => Promise<void> | void

  /** An application with one endpoint, and the errors that reached its error middleware. */
  function createApp(handler: Handler, context?: Parameters<typeof webSocketHandler<Request>>[1]) {
    const errors: Error[] = []
    const app: Express = express()
    app.use(useWebSockets({ closeTimeout: 1000 }))
    app.all('/ws', webSocketHandler(handler, context))
    const onError: ErrorRequestHandler = (error: Error, _req: Request, res: Response, next: NextFunction) => {
      errors.push(error)
      if (res.headersSent) next(error)
      else res.status(500).send(error.message)
    }
    app.set('env', 'test')
    app.use(onError)
    return { app, errors }
  }

  it('passes the socket and the request to the handler, and closes with 1000 when it returns', async () => {
    const { app } = createApp(async (webSocket, request) => webSocket.sendAsync(`hello ${request.query['name'] as string}`))
    const { client } = await openWebSocket(await startHttp1Server(app), '/ws?name=Ada')
    const closed = closeOf(client)
    expect(await nextMessage(client)).toBe('hello Ada')
    expect(await closed).toEqual([1000, ''])
  })

  it("answers the Close frame of the client with the client's code", async () => {
    const { app, errors } = createApp(async (webSocket) => {
      for await (const message of webSocket) await webSocket.sendAsync(message)
    })
    const { client } = await openWebSocket(await startHttp1Server(app))
    client.close(3001, 'bye')
    expect(await closeOf(client)).toEqual([3001, 'bye'])
    expect(errors).toEqual([])
  })

  it('accepts with its context, or with the result of a function of the request', async () => {
    const chat = await startHttp1Server(createApp(() => undefined, { subProtocol: 'chat' }).app)
    expect((await openWebSocket(chat, '/ws', { protocols: ['chat'] })).client.protocol).toBe('chat')
    const choosing = await startHttp1Server(createApp(() => undefined, chooseSecond).app)
    expect((await openWebSocket(choosing, '/ws', { protocols: ['a', 'b'] })).client.protocol).toBe('b')
  })

  it.each([
    ['throws', raise],
    ['rejects', async () => raise()],
  ])('closes with 1011 and calls the error middleware if the handler %s', async (_name, handler) => {
    const { app, errors } = createApp(handler)
    const server = await startHttp1Server(app)
    const { client } = await openWebSocket(server)
    expect(await closeOf(client)).toEqual([1011, ''])
    await until(() => errors.length > 0)
    expect(errors.map(({ message }) => message)).toEqual(['broken'])
    await openWebSocket(server)
  })

  it('does not report an error if the client vanishes', async () => {
    const completions: WebSocketCompletion[] = []
    const { app, errors } = createApp(async (webSocket) => {
      void webSocket.completion.then((completion) => completions.push(completion))
      for await (const message of webSocket) await webSocket.sendAsync(message)
    })
    const { client } = await openWebSocket(await startHttp1Server(app))
    client.terminate()
    await until(() => completions.length > 0)
    await new Promise((resolve) => setImmediate(resolve))
    expect(completions[0]).toMatchObject({ closeStatus: 1006, wasClean: false })
    expect(errors).toEqual([])
  })

  it.each<[string, string, (webSocket: ManagedWebSocket) => Promise<unknown>]>([
    [
      'ABORT_ERR',
      'a receive that the handler aborts',
      async (webSocket) => {
        const received = webSocket.receiveAsync(Buffer.alloc(1))
        webSocket.abort()
        return received
      },
    ],
    [
      'ERR_WEBSOCKET_INVALID_STATE',
      'a send after the client has closed',
      async (webSocket) => {
        for await (const _message of webSocket);
        await webSocket.completion
        return webSocket.sendAsync('late')
      },
    ],
  ])('does not report %s of %s', async (code, _call, fail) => {
    const rejections: unknown[] = []
    const { app, errors } = createApp(async (webSocket) => {
      try {
        await fail(webSocket)
      } catch (error) {
        rejections.push(error)
        throw error
      }
    })
    const { client } = await openWebSocket(await startHttp1Server(app))
    client.close()
    await until(() => rejections.length > 0)
    await new Promise((resolve) => setImmediate(resolve))
    expect(rejections).toMatchObject([{ code }])
    expect(errors).toEqual([])
  })

  it('reports an error if the handler calls a method incorrectly', async () => {
    const { app, errors } = createApp(async (webSocket) => webSocket.closeAsync(999))
    const { client } = await openWebSocket(await startHttp1Server(app))
    expect(await closeOf(client)).toEqual([1011, ''])
    await until(() => errors.length > 0)
    expect(errors[0]).toBeInstanceOf(WebSocketException)
  })

  it.each(['http/1.1', 'h2'] as const)(
    'selects no sub-protocol from a malformed offer over %s, if it selects the first',
    async (protocol) => {
      const { app, errors } = createApp(
        () => undefined,
        ({ webSockets }) => ({ subProtocol: webSockets.webSocketRequestedProtocols[0] }),
      )
      await using answer = await requestWebSocket(app, '/ws', { protocol, headers: { 'Sec-WebSocket-Protocol': 'foo;bar' } })
      expect(answer.webSocket.subProtocol).toBeNull()
      expect(errors).toEqual([])
    },
  )

  it.each<[string, () => unknown]>([
    ['ERR_WEBSOCKET_INVALID_ARGUMENT', () => prepareMessage(7 as unknown as string)],
    ['ERR_WEBSOCKET_INVALID_OPTION', () => useWebSockets({ closeTimeout: -1 })],
  ])('passes a mistake of the handler (%s) to the error middleware, also when the client has vanished', async (code, mistake) => {
    const { app, errors } = createApp(async (webSocket) => {
      await webSocket.completion
      mistake()
    })
    const { client } = await openWebSocket(await startHttp1Server(app))
    client.terminate()
    await until(() => errors.length > 0)
    expect(errors).toMatchObject([{ code }])
  })

  it('awaits the context of an async function', async () => {
    const { app } = createApp(
      (webSocket) => webSocket.sendAsync(webSocket.subProtocol ?? ''),
      async ({ webSockets }) => ({ subProtocol: await Promise.resolve(webSockets.webSocketRequestedProtocols[1]) }),
    )
    const { client } = await openWebSocket(await startHttp1Server(app), '/ws', { protocols: ['a', 'b'] })
    expect(await nextMessage(client)).toBe('b')
  })

  it('passes the rejection of an async context function to the error middleware', async () => {
    const { app, errors } = createApp(
      () => undefined,
      () => Promise.reject(new Error('no tenant')),
    )
    const client = await RawHttp1Client.connect(await startHttp1Server(app))
    client.write(handshakeHead())
    expect(await client.receiveResponse()).toMatch(/^HTTP\/1\.1 500 .*no tenant/s)
    expect(errors).toMatchObject([{ message: 'no tenant' }])
  })

  it('passes on an error of the accept, which is answered like any other error', async () => {
    const { app, errors } = createApp(
      () => undefined,
      () => ({ subProtocol: 'not a token' }),
    )
    const client = await RawHttp1Client.connect(await startHttp1Server(app))
    client.write(handshakeHead())
    expect(await client.receiveResponse()).toMatch(/^HTTP\/1\.1 500 .*not a token/s)
    expect(errors).toEqual([expect.objectContaining({ code: 'ERR_WEBSOCKET_INVALID_ARGUMENT' })])
  })

  it.each([
    [{}, 426, 400],
    [{ otherRequests: 'refuse' }, 426, 400],
    [{ otherRequests: 'next' }, 'same route', 400],
    [{ otherRequests: 'next route' }, 'next route', 400],
  ] as const)('with %j answers an ordinary request with %s, and a malformed handshake with %i', async (options, page, malformed) => {
    const app = express()
    app.use(useWebSockets())
    app.all(
      '/ws',
      webSocketHandler(() => undefined, undefined, options),
      (_req, res) => void res.send('same route'),
    )
    app.all('/ws', (_req, res) => void res.send('next route'))
    const server = await startHttp1Server(app)
    const client = await RawHttp1Client.connect(server)
    client.write('GET /ws HTTP/1.1\r\nHost: a\r\n\r\n')
    expect(await client.receiveResponse()).toContain(String(page))
    client.write(handshakeHead({ 'Sec-WebSocket-Key': 'too short' }))
    expect(await client.receiveResponse()).toContain(` ${malformed} `)
    const { client: opened } = await openWebSocket(server)
    expect(await closeOf(opened)).toEqual([1000, ''])
  })

  it.each([null, 'next', { otherRequest: 'next' }, { otherRequests: 'pass' }])('throws an error for the options %j', (options) => {
    expect(() => webSocketHandler(() => undefined, {}, options as object)).toThrow(/^webSocketHandler: /)
  })

  it('answers 426 to a request that is not a WebSocket request, and says why', async () => {
    const client = await RawHttp1Client.connect(await startHttp1Server(createApp(() => undefined).app))
    client.write('GET /ws HTTP/1.1\r\nHost: a\r\n\r\n')
    const plain = await client.receiveResponse()
    expect(plain).toMatch(/^HTTP\/1\.1 426 Upgrade Required\r\n/)
    expect(plain).toContain('Upgrade: websocket\r\n')
    expect(plain).toContain('Sec-WebSocket-Version: 13\r\n')
    expect(plain).toMatch(/\r\n\r\nThis is a WebSocket endpoint\n$/)
    client.write(handshakeHead({ 'Sec-WebSocket-Version': '12' }))
    expect(await client.receiveResponse()).toMatch(
      /\r\n\r\nThis is a WebSocket endpoint: the Sec-WebSocket-Version header is '12'; only '13' is supported\n$/,
    )
    client.write(handshakeHead())
    expect(await client.receiveHead()).toMatch(/^HTTP\/1\.1 101 /)
  })

  it('answers 400 to a request for a page over HTTP/2, which has no Upgrade', async () => {
    const session = await connectHttp2(await startHttp2Server(createApp(() => undefined).app))
    const { status, text, headers } = await requestHttp2(session, '/ws')
    expect([status, text, headers['sec-websocket-version']]).toEqual([400, 'This is a WebSocket endpoint\n', '13'])
  })

  it.each([
    ['no Host', { Host: undefined }],
    ['two Hosts', { Host: ['a', 'b'] }],
    ['no key', { 'Sec-WebSocket-Key': undefined }],
    ['a wrong key', { 'Sec-WebSocket-Key': 'a' }],
  ])('answers 400 to a handshake with %s, because another upgrade would not help', async (_what, headers) => {
    const client = await RawHttp1Client.connect(await startHttp1Server(createApp(() => undefined).app))
    client.write(handshakeHead(headers))
    const response = await client.receiveResponse()
    expect(response).toMatch(/^HTTP\/1\.1 400 Bad Request\r\n/)
    expect(response).not.toMatch(/^Upgrade:/im)
  })

  it('says in its error that useWebSockets() is missing', async () => {
    const errors: unknown[] = []
    await webSocketHandler(() => undefined)({} as IncomingMessage, {} as Response, (error) => void errors.push(error))
    expect(errors).toEqual([expect.objectContaining({ code: 'ERR_WEBSOCKET_NOT_SUPPORTED' })])
  })
})

function raise(): never {
  throw new Error('broken')
}

function chooseSecond({ webSockets }: Request): WebSocketAcceptContext {
  return { subProtocol: webSockets.webSocketRequestedProtocols[1] }
}
