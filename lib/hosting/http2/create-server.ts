import http2 from 'node:http2'
import type { Http2SecureServer, Http2Server, SecureServerOptions, ServerHttp2Session, ServerOptions } from 'node:http2'
import { serveHttp2Streams } from './attach-http2.ts'
import type { Http2RequestListener } from './attach-http2.ts'

/**
 * Like `createSecureServer` of `node:http2`, but requests and responses are those of `node:http`, so that an Express application works,
 * and WebSockets over HTTP/2 arrive as CONNECT requests. Browsers speak HTTP/2 to such a server only, never to a cleartext one.
 *
 * Defaults that differ: `allowHTTP1` is `true`, so that one port serves clients of both protocols, and `settings.enableConnectProtocol`
 * is `true` (RFC 8441, section 3). `close()` also asks the sessions to end, as Node does from version 24 on.
 *
 * @param app - the Express or Connect application, or request listener.
 * @example
 * ```ts
 * import { createSecureServer } from 'express-use-websockets/http2'
 *
 * createSecureServer({ key, cert }, app).listen(443)
 * ```
 */
export function createSecureServer(app?: Http2RequestListener): Http2SecureServer
export function createSecureServer(options: SecureServerOptions, app?: Http2RequestListener): Http2SecureServer
export function createSecureServer(first?: SecureServerOptions | Http2RequestListener, second?: Http2RequestListener): Http2SecureServer {
  const [options, app] = typeof first === 'function' ? [{}, first] : [first ?? {}, second]
  return prepare(http2.createSecureServer({ allowHTTP1: true, ...withConnectProtocol(options) }), app)
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
 */
export function createServer(app?: Http2RequestListener): Http2Server
export function createServer(options: ServerOptions, app?: Http2RequestListener): Http2Server
export function createServer(first?: ServerOptions | Http2RequestListener, second?: Http2RequestListener): Http2Server {
  const [options, app] = typeof first === 'function' ? [{}, first] : [first ?? {}, second]
  return prepare(http2.createServer(withConnectProtocol(options)), app)
}

function withConnectProtocol<T extends ServerOptions>(options: T): T {
  return { ...options, settings: { enableConnectProtocol: true, ...options.settings } }
}

function prepare<T extends Http2Server | Http2SecureServer>(server: T, app: Http2RequestListener | undefined): T {
  serveHttp2Streams(server, app)
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
