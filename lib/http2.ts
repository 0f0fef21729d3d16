export { createSecureServer, createServer } from './hosting/http2/create-server.ts'
export type { Http2SecureServerOptions, Http2ServerOptions, Http2WebSocketOptions } from './hosting/http2/create-server.ts'
export type { WebSocketMethod } from './hosting/http2/web-socket-method.ts'
export type { Http2RequestListener } from './hosting/http2/attach-http2.ts'
