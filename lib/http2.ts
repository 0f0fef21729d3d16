export { createSecureServer, createServer } from './hosting/http2/create-server.ts'
export type { Http2RequestListener } from './hosting/http2/attach-http2.ts'
