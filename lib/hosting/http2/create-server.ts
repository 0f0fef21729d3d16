import http2 from 'node:http2'
import type { Http2SecureServer, Http2Server, SecureServerOptions, ServerHttp2Session, ServerOptions } from 'node:http2'
import { argumentError } from '../../options/argument-error.ts'
import { OptionReader } from '../../options/option-reader.ts'
import { serveHttp2Streams } from './attach-http2.ts'
import type { Http2RequestListener } from './attach-http2.ts'
import { readWebSocketMethod } from './web-socket-method.ts'
import type { WebSocketMethod } from './web-socket-method.ts'

/** Options of an HTTP/2 server of this package in addition to those of Node. */
export interface Http2WebSocketOptions {
  /**
   * The value of `request.method` for a WebSocket request over HTTP/2. Defaults to `'CONNECT'`, the method on the wire (RFC 8441), as in ASP.NET
   * Core. With `'GET'` the request looks as it does over HTTP/1.1, for routes (`app.get()`) and for middleware that checks the method, such as CSRF
   * protection or OpenAPI validation.
   */
  readonly webSocketMethod?: WebSocketMethod | undefined
}

/** The options of `createServer()`. */
export type Http2ServerOptions = ServerOptions & Http2WebSocketOptions

/** The options of `createSecureServer()`. */
export type Http2SecureServerOptions = SecureServerOptions & Http2WebSocketOptions

/**
 * Works as `createSecureServer` of `node:http2`, but with the requests and responses of `node:http`, so that an Express application works. WebSockets
 * over HTTP/2 arrive as CONNECT requests. Browsers use HTTP/2 only over TLS, never with a cleartext server.
 *
 * Two defaults differ: `allowHTTP1` is `true`, so that one port serves clients of both protocols, and `settings.enableConnectProtocol` is `true`
 * (RFC 8441, section 3). The option `webSocketMethod` is new. `close()` also asks the sessions to end, as Node does from version 24 on.
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
 * Works as `createServer` of `node:http2` (cleartext with prior knowledge, for proxies and service meshes, not for browsers), with the same differences
 * as {@link createSecureServer}.
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
  // Node itself checks all other options.
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

/**
 * Makes `close()` of the server also close its sessions. Before version 24, `close()` of Node waits until HTTP/2 clients leave, and browsers stay.
 */
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
