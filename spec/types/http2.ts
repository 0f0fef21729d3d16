/** Checks the types of `express-use-websockets/http2`. Only the compiler uses this file. */
import type { Express } from 'express'
import type { IncomingMessage, ServerResponse } from 'node:http'
import type { Http2SecureServer, Http2Server } from 'node:http2'
import { createSecureServer, createServer } from 'express-use-websockets/http2'
import type {
  Http2RequestListener,
  Http2SecureServerOptions,
  Http2ServerOptions,
  Http2WebSocketOptions,
  WebSocketMethod,
} from 'express-use-websockets/http2'
import { expectType } from './expect-type.ts'
import type { Same } from './expect-type.ts'

export function promises(app: Express): void {
  expectType<Same<Parameters<Http2RequestListener>, [request: IncomingMessage, response: ServerResponse]>>()
  const secure = createSecureServer({ key: '', cert: '', allowHTTP1: false }, app)
  expectType<Same<typeof secure, Http2SecureServer>>()
  const plain = createServer(app)
  expectType<Same<typeof plain, Http2Server>>()
  createServer({ settings: { enableConnectProtocol: false } }, (request, response) => response.end(request.url))
  expectType<Same<Required<Http2WebSocketOptions>['webSocketMethod'], WebSocketMethod | undefined>>()
  const options: Http2ServerOptions & Http2SecureServerOptions = { webSocketMethod: 'GET' }
  createServer(options, app)
  // @ts-expect-error: no such method.
  createServer({ webSocketMethod: 'POST' }, app)
  // @ts-expect-error: no such option.
  createServer({ allowHttp1: true }, app)
}
