/** Checks the types of `express-use-websockets`. Only the compiler uses this file. */
import type { Express, Request } from 'express'
import type { IncomingMessage, RequestListener, Server, ServerResponse } from 'node:http'
import type { Duplex, Readable, Writable } from 'node:stream'
import {
  attachWebSockets,
  createWebSocketStream,
  ManagedWebSocket,
  prepareMessage,
  useWebSockets,
  WebSocketCloseStatus,
  WebSocketException,
  webSocketHandler,
  WebSocketMessageFlags,
  WebSocketMessageType,
} from 'express-use-websockets'
import type {
  AcceptedWebSocket,
  AllowedOrigin,
  AttachOptions,
  createReadableMessageStream,
  createWritableMessageStream,
  OriginPredicate,
  OpenWebSocket,
  PreparedMessage,
  RequestWithWebSockets,
  WebSocketAcceptContext,
  WebSocketAcceptEvent,
  WebSocketCloseEvent,
  WebSocketCompletion,
  WebSocketCreationOptions,
  WebSocketData,
  WebSocketDeflateOptions,
  WebSocketDrainEvent,
  WebSocketDrainOptions,
  WebSocketDrainResult,
  WebSocketErrorCode,
  WebSocketErrorEvent,
  WebSocketExceptionCode,
  WebSocketExceptionDetails,
  WebSocketHandler,
  WebSocketHandlerOptions,
  WebSocketManager,
  WebSocketMessage,
  WebSocketMiddleware,
  WebSocketOptions,
  WebSocketRateLimit,
  WebSocketReceiveResult,
  WebSocketRefuseEvent,
  WebSocketState,
  WebSocketStreamOptions,
} from 'express-use-websockets'
import { expectType } from './expect-type.ts'
import type { Same } from './expect-type.ts'

export async function promises(app: Express, server: Server, request: Request, response: ServerResponse, duplex: Duplex): Promise<void> {
  // The middleware and its options.
  const webSockets = useWebSockets()
  expectType<Same<typeof webSockets, WebSocketMiddleware>>()
  expectType<Same<ReturnType<WebSocketMiddleware>, Promise<void> | undefined>>()
  expectType<Same<WebSocketMiddleware['connections'], number>>()
  const [open] = webSockets.openWebSockets<Request>()
  expectType<Same<typeof open, OpenWebSocket<Request> | undefined>>()
  expectType<Same<OpenWebSocket['webSocket'], AcceptedWebSocket>>()
  await webSockets.closeWhereAsync<Request>((one) => one.request.ip === open?.request.ip, { closeStatus: 4001 })
  // @ts-expect-error: a promise is neither yes nor no.
  await webSockets.closeWhereAsync(async () => true)
  app.use(webSockets)
  app.use('/mounted', webSockets)
  // @ts-expect-error: it makes the middleware.
  app.use(useWebSockets)
  const options: WebSocketOptions = {
    allowedOrigins: ['https://client.com', /client/, (origin: string) => origin.length > 0],
    closeAnswerTimeout: 1,
    closeTimeout: 1,
    keepAliveInterval: Infinity,
    keepAliveTimeout: undefined,
    maxBufferedAmount: 1,
    maxConnections: 1,
    maxMessageSize: 1,
  }
  useWebSockets(options)
  useWebSockets({ allowedOrigins: 'same-origin' })
  const rateLimit: WebSocketRateLimit = { messagesPerSecond: 0.5, messageBurst: 10, bytesPerSecond: undefined, whenExceeded: 'close' }
  useWebSockets({ rateLimit })
  // @ts-expect-error: it waits or closes.
  useWebSockets({ rateLimit: { messagesPerSecond: 1, whenExceeded: 'drop' } })
  // @ts-expect-error: a list.
  useWebSockets({ allowedOrigins: 'https://client.com' })
  // @ts-expect-error: milliseconds.
  useWebSockets({ keepAliveInterval: '30s' })
  // @ts-expect-error: no such option.
  useWebSockets({ origins: [] })
  // @ts-expect-error: cannot be changed later.
  options.maxConnections = 2
  expectType<Same<AllowedOrigin, string | RegExp | OriginPredicate>>()
  expectType<Same<Parameters<OriginPredicate>, [origin: string, request: IncomingMessage]>>()
  expectType<Same<ReturnType<OriginPredicate>, boolean | Promise<boolean>>>()

  // A drain.
  const drain: WebSocketDrainOptions = { closeStatus: 1001, closeStatusDescription: '', discardIncoming: true, spread: 0, timeout: 1 }
  const drained = await webSockets.closeAsync(drain)
  expectType<Same<typeof drained, WebSocketDrainResult>>()
  expectType<Same<WebSocketDrainResult['closed' | 'aborted'], number>>()

  // The requests of Express and of Node.
  expectType<Same<typeof request.webSockets, WebSocketManager>>()
  expectType<Same<IncomingMessage['webSockets'], WebSocketManager>>()
  expectType<Same<RequestWithWebSockets['webSockets'], WebSocketManager>>()
  expectType<Same<WebSocketManager['isWebSocketRequest'], boolean>>()
  expectType<Same<WebSocketManager['refusal'], string | undefined>>()
  expectType<Same<WebSocketManager['webSocketRequestedProtocols'], readonly string[]>>()

  // The accept.
  const context: WebSocketAcceptContext = {
    subProtocol: null,
    dangerousEnableCompression: true,
    serverMaxWindowBits: 15,
    signal: AbortSignal.timeout(1),
  }
  const webSocket = await request.webSockets.acceptWebSocketAsync(context)
  expectType<Same<typeof webSocket, ManagedWebSocket>>()
  await request.webSockets.acceptWebSocketAsync('chat')
  await request.webSockets.acceptWebSocketAsync(null)
  // @ts-expect-error: one of them.
  await request.webSockets.acceptWebSocketAsync(['v1.chat', 'v2.chat'])

  // The socket.
  expectType<Same<typeof webSocket.state, WebSocketState>>()
  expectType<Same<typeof webSocket.closeStatus, number | null>>()
  expectType<Same<typeof webSocket.subProtocol, string | null>>()
  for await (const message of webSocket) expectType<Same<typeof message, WebSocketMessage>>()
  expectType<Same<WebSocketMessage, string | Buffer>>()
  const received = await webSocket.receiveAsync(new Uint8Array(1), AbortSignal.timeout(1))
  expectType<Same<typeof received, WebSocketReceiveResult>>()
  expectType<Same<WebSocketReceiveResult['messageType'], 0 | 1 | 2>>()
  expectType<Same<WebSocketReceiveResult['closeStatus'], number | null>>()
  const traffic = [webSocket.bytesReceived, webSocket.bytesSent, webSocket.messagesReceived, webSocket.messagesSent]
  expectType<Same<typeof traffic, number[]>>()
  expectType<Same<typeof webSocket.roundTripTime, number | undefined>>()
  // @ts-expect-error: a buffer to fill.
  await webSocket.receiveAsync()
  await webSocket.sendAsync(new Float64Array(1), WebSocketMessageType.Text, true, AbortSignal.timeout(1))
  await webSocket.sendAsync('text', undefined, WebSocketMessageFlags.EndOfMessage | WebSocketMessageFlags.DisableCompression)
  expectType<Same<WebSocketData, string | ArrayBuffer | SharedArrayBuffer | NodeJS.ArrayBufferView>>()
  // @ts-expect-error: JSON is the application's.
  await webSocket.sendAsync({ price: 1 })
  await webSocket.closeAsync(WebSocketCloseStatus.NormalClosure, null)
  await webSocket.closeOutputAsync(4000, 'bye', AbortSignal.timeout(1))
  await webSocket.closeAsync()
  await webSocket.closeOutputAsync(undefined, undefined, AbortSignal.timeout(1))
  // @ts-expect-error: a code, or none.
  await webSocket.closeAsync(null)
  expectType<Same<Awaited<ReturnType<typeof webSocket.pingAsync>>, number>>()
  const completion = await webSocket.completion
  expectType<Same<typeof completion, WebSocketCompletion>>()
  expectType<Same<WebSocketCompletion['endedBy'], 'local' | 'remote'>>()
  expectType<Same<WebSocketCompletion['error'], WebSocketException | undefined>>()
  using disposable: Disposable = webSocket
  await using asyncDisposable: AsyncDisposable = webSocket
  void [disposable, asyncDisposable]

  // A socket over any stream.
  const deflate: WebSocketDeflateOptions = { serverContextTakeover: false, clientMaxWindowBits: 9 }
  const creation: WebSocketCreationOptions = { isServer: true, subProtocol: null, dangerousDeflateOptions: deflate }
  expectType<Same<ReturnType<typeof ManagedWebSocket.createFromStream>, ManagedWebSocket>>()
  ManagedWebSocket.createFromStream(duplex, creation)

  // Streams over a socket.
  const streamOptions: WebSocketStreamOptions = { ownsWebSocket: true, closeTimeout: 1, messageType: WebSocketMessageType.Text }
  expectType<Same<ReturnType<typeof createWebSocketStream>, Duplex>>()
  createWebSocketStream(webSocket, streamOptions)
  expectType<Same<ReturnType<typeof createReadableMessageStream>, Readable>>()
  expectType<Same<ReturnType<typeof createWritableMessageStream>, Writable>>()

  // Prepared messages.
  const prepared = prepareMessage('news')
  expectType<Same<typeof prepared, PreparedMessage>>()
  await webSocket.sendAsync(prepared)

  // The endpoint with its own type of request.
  const handler: WebSocketHandler = (socket, { webSockets: manager }) => void [socket, manager.refusal]
  app.all('/plain', webSocketHandler(handler, context))
  app.all(
    '/rooms',
    webSocketHandler(
      async (socket, { query }: Request) => {
        expectType<Same<typeof socket, ManagedWebSocket>>()
        await socket.sendAsync(JSON.stringify(query['room']))
      },
      ({ path }) => ({ subProtocol: path }),
    ),
  )
  const passingOn: WebSocketHandlerOptions = { otherRequests: 'next route' }
  app.all('/', webSocketHandler(handler, undefined, passingOn))
  // @ts-expect-error: no such way.
  app.all('/', webSocketHandler(handler, undefined, { otherRequests: 'pass' }))

  // A server that has other listeners.
  const attachOptions: AttachOptions = { filter: ({ url }) => url === '/ws' }
  attachWebSockets(server, app, attachOptions)
  // @ts-expect-error: without a filter everything would be claimed.
  attachWebSockets(server, app)
  const listener: RequestListener = (plain, answer) => void webSockets(plain, answer, () => answer.end())
  listener(request, response)

  // The enumerations: the names of .NET, with numbers that the compiler knows.
  expectType<Same<typeof WebSocketState.Open, 2>>()
  expectType<Same<WebSocketState, 0 | 1 | 2 | 3 | 4 | 5 | 6>>()
  expectType<Same<typeof WebSocketCloseStatus.EndpointUnavailable, 1001>>()
  expectType<Same<WebSocketCloseStatus, number>>()
  expectType<Same<WebSocketMessageType, 0 | 1 | 2>>()
  expectType<Same<WebSocketMessageFlags, number>>()
  expectType<Same<WebSocketErrorCode, 0 | 1 | 2 | 3 | 4 | 5 | 6 | 7 | 8 | 9>>()
  expectType<Same<typeof WebSocketErrorCode.InvalidState, 9>>()

  // Errors.
  const details: WebSocketExceptionDetails = { argument: 'data', cause: new Error('why') }
  const error = new WebSocketException('ERR_WEBSOCKET_INVALID_ARGUMENT', 'The argument is wrong', details)
  expectType<Same<typeof error.code, WebSocketExceptionCode>>()
  // @ts-expect-error: no such code.
  void (error.code === 'ERR_WEBSOCKET_UNHEARD_OF')

  // The events of the diagnostics channels.
  expectType<Same<WebSocketAcceptEvent['webSocket'], AcceptedWebSocket>>()
  const { webSocket: accepted }: { webSocket: AcceptedWebSocket } = { webSocket }
  expectType<Same<typeof accepted.completion, Promise<WebSocketCompletion>>>()
  expectType<Same<WebSocketRefuseEvent['statusCode'], number>>()
  expectType<Same<WebSocketCloseEvent['completion'], WebSocketCompletion>>()
  expectType<Same<WebSocketErrorEvent['error'], unknown>>()
  expectType<Same<WebSocketDrainEvent['phase'], 'start' | 'end'>>()
}
