import type { IncomingMessage, ServerResponse } from 'node:http'
import type { Http2SecureServer, Http2Server, ServerHttp2Stream } from 'node:http2'
import { endAbandonedSessions } from './abandoned-sessions.ts'
import { removeCompatibilityLayer } from './compatibility-layer.ts'
import { refusesExtendedConnect } from './stream/node-http2-internals.ts'
import { serveStream } from './serve-stream.ts'
import type { WebSocketMethod } from './web-socket-method.ts'

/** A function that answers requests of `node:http`: an Express or Connect application, or a plain handler. */
export type Http2RequestListener = (request: IncomingMessage, response: ServerResponse) => void

/**
 * Makes an existing server of `node:http2` emit its requests as `node:http` does, extended CONNECT included. Call it before `listen()`: existing
 * sessions do not learn that the server supports extended CONNECT. A server with extended CONNECT turned off keeps it off.
 */
export function attachHttp2(
  server: Http2Server | Http2SecureServer,
  app?: Http2RequestListener,
  webSocketMethod: WebSocketMethod = 'CONNECT',
): void {
  if (!refusesExtendedConnect(server)) server.updateSettings({ enableConnectProtocol: true })
  serveHttp2Streams(server, app, webSocketMethod)
}

/** The part of {@link attachHttp2} that does not change the settings. A second call only adds `app`, unless it is already a listener. */
export function serveHttp2Streams(
  server: Http2Server | Http2SecureServer,
  app?: Http2RequestListener,
  webSocketMethod: WebSocketMethod = 'CONNECT',
): void {
  // The declaration of 'request' uses the classes of the compatibility layer, which is removed.
  const listeners = server.listeners('request') as unknown[]
  if (app !== undefined && !listeners.includes(app)) server.on('request', app as unknown as (...values: unknown[]) => void)
  if (served.has(server)) return
  served.add(server)
  removeCompatibilityLayer(server)
  endAbandonedSessions(server)
  server.on('stream', (stream: ServerHttp2Stream, _fields: unknown, _flags: number, rawFields: string[]) => {
    serveStream(server, stream, rawFields, webSocketMethod)
  })
}

const served = new WeakSet<object>()
