import { createRequire } from 'node:module'
import express from 'express'
import { createSecureServer } from '../../dist/http2.mjs'
import { useWebSockets } from '../../dist/index.mjs'
import { listen } from './listen.mjs'
import { middlewares } from './middlewares.mjs'

const app = express()
app.use(middlewares)
app.use(useWebSockets())
app.all('/echo', async (request) => {
  const webSocket = await request.webSockets.acceptWebSocketAsync()
  for await (const message of webSocket) await webSocket.sendAsync(message)
  await webSocket[Symbol.asyncDispose]()
})
// The harness preloads esbuild-register, which makes `require` accept TypeScript.
const { createSelfSignedCertificate } = createRequire(import.meta.url)('../../spec/support/self-signed-certificate.ts')
listen(createSecureServer(createSelfSignedCertificate(), app))
