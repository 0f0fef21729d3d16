import http from 'node:http'
import { createSecureServer } from 'express-use-websockets/http2'
import { createSelfSignedCertificate } from '../self-signed-certificate.ts'
import { createEchoApp } from './app.ts'

/* Run `npm start` or `npm start -- --http2`. `PORT` sets the port. */
async function start(): Promise<void> {
  const isHttp2 = process.argv.includes('--http2')
  const app = createEchoApp()
  const server = isHttp2 ? createSecureServer(await createSelfSignedCertificate(), app) : http.createServer(app)
  server.listen(Number(process.env['PORT'] ?? 3000), () => {
    const address = server.address()
    if (address === null || typeof address === 'string') return
    console.log(`Echo sample: ${isHttp2 ? 'https' : 'http'}://localhost:${address.port}/  (press Ctrl+C to stop)`)
  })
}

void start()
