import http2 from 'node:http2'
import type { Http2SecureServer, Http2Server, SecureServerOptions, ServerHttp2Session, ServerOptions } from 'node:http2'
import { argumentError } from '../../options/argument-error.ts'
import { OptionReader } from '../../options/option-reader.ts'
import { serveHttp2Streams } from './attach-http2.ts'
import type { Http2RequestListener } from './attach-http2.ts'
import { readWebSocketMethod } from './web-socket-method.ts'
import type { WebSocketMethod } from './web-socket-method.ts'

/** What an HTTP/2 server of this package can be told besides what Node's can. */
export interface Http2WebSocketOptions {
  /**
   * The method that `request.method` has for a WebSocket request over HTTP/2. By default `'CONNECT'`, which it is (RFC 8441), and which
   * ASP.NET Core shows. With `'GET'` it looks as over HTTP/1.1, to routes (`app.get()`) and to middleware that decides by the method:
   * CSRF protection, OpenAPI validation.
   */
  readonly webSocketMethod?: WebSocketMethod | undefined
}

/** The options of `createServer()`. */
export type Http2ServerOptions = ServerOptions & Http2WebSocketOptions

/** The options of `createSecureServer()`. */
export type Http2SecureServerOptions = SecureServerOptions & Http2WebSocketOptions

/**
 * Like `createSecureServer` of `node:http2`, but requests and responses are those of `node:http`, so that an Express application works,
 * and WebSockets over HTTP/2 arrive as CONNECT requests. Browsers speak HTTP/2 to such a server only, never to a cleartext one.
 *
 * Defaults that differ: `allowHTTP1` is `true`, so that one port serves clients of both protocols, and `settings.enableConnectProtocol`
 * is `true` (RFC 8441, section 3); `webSocketMethod` is new. `close()` also asks the sessions to end, as Node does from version 24 on.
 *
 * @param app - the Express or Connect application, or request listener.
 * @example
 * ```ts
 * import { createSecureServer } from 'express-use-websockets/http2'
 *
 * createSecureServer({ key, cert }, app).listen(443)
 * ```
 * @throws `WebSocketException` with code `ERR_WEBSOCKET_INVALID_ARGUMENT`, or `ERR_WEBSOCKET_INVALID_OPTION` for `webSocketMethod`.
 */
export function createSecureServer(app?: Http2RequestListener): Http2SecureServer
export function createSecureServer(options: Http2SecureServerOptions, app?: Http2RequestListener): Http2SecureServer
export function createSecureServer(
  first?: Http2SecureServerOptions | Http2RequestListener,
  second?: Http2RequestListener,
): Http2SecureServer {
  const { options, app, webSocketMethod } = readArguments('createSecureServer', first, second)
  return prepare(http2.createSecureServer({ allowHTTP1: true, ...withConnectProtocol(options) }), app, webSocketMethod)
}

/**
 * Like `createServer` of `node:http2` (cleartext, with prior knowledge: for proxies and service meshes, not for browsers),
 * with the differences that {@link createSecureServer} has.
 *
 * @param app - the Express or Connect application, or request listener.
 * @example
 * ```ts
 * import { createServer } from 'express-use-websockets/http2'
 *
 * createServer(app).listen(3000)
 * ```
 * @throws `WebSocketException` with code `ERR_WEBSOCKET_INVALID_ARGUMENT`, or `ERR_WEBSOCKET_INVALID_OPTION` for `webSocketMethod`.
 */
export function createServer(app?: Http2RequestListener): Http2Server
export function createServer(options: Http2ServerOptions, app?: Http2RequestListener): Http2Server
export function createServer(first?: Http2ServerOptions | Http2RequestListener, second?: Http2RequestListener): Http2Server {
  const { options, app, webSocketMethod } = readArguments('createServer', first, second)
  return prepare(http2.createServer(withConnectProtocol(options)), app, webSocketMethod)
}

interface ServerArguments<Options> {
  readonly options: Options | Record<string, never>
  readonly app: Http2RequestListener | undefined
  readonly webSocketMethod: WebSocketMethod
}

function readArguments<Options extends Http2ServerOptions>(
  name: string,
  first: Options | Http2RequestListener | undefined,
  second: Http2RequestListener | undefined,
): ServerArguments<Options> {
  if (typeof first === 'function') return readArguments<Options>(name, undefined, first)
  const options: Options | Record<string, never> = first ?? {}
  const given: unknown = options
  if (typeof given !== 'object') throw argumentError(name, 'options', 'must be an object', options)
  if (second !== undefined && typeof second !== 'function') {
    throw argumentError(name, 'app', 'must be a request listener, such as an Express application', second)
  }
  // Which options there are besides is Node's to know.
  const reader = new OptionReader({ name, code: 'ERR_WEBSOCKET_INVALID_OPTION' }, options, Object.keys(options))
  return { options, app: second, webSocketMethod: readWebSocketMethod(reader) }
}

function withConnectProtocol<T extends ServerOptions>(options: T): T {
  return { ...options, settings: { enableConnectProtocol: true, ...options.settings } }
}

function prepare<T extends Http2Server | Http2SecureServer>(
  server: T,
  app: Http2RequestListener | undefined,
  webSocketMethod: WebSocketMethod,
): T {
  serveHttp2Streams(server, app, webSocketMethod)
  closeSessionsWith(server)
  return server
}

/** Before version 24 Node's `close()` waits for HTTP/2 clients to leave, which browsers do not; `node:http` closes idle connections. */
function closeSessionsWith(server: Http2Server | Http2SecureServer): void {
  const sessions = new Set<ServerHttp2Session>()
  server.on('session', (session: ServerHttp2Session) => {
    sessions.add(session)
    session.once('close', () => sessions.delete(session))
  })
  const close = server.close.bind(server)
  server.close = (callback) => {
    for (const session of sessions) session.close()
    close(callback)
    return server
  }
}
