import http from 'node:http'
import { createSecureServer } from 'express-use-websockets/http2'
import { createSelfSignedCertificate } from '../self-signed-certificate.ts'
import { createEchoApp } from './app.ts'

/* npm start, or npm start -- --http2; PORT chooses the port. */
async function start(): Promise<void> {
  const isHttp2 = process.argv.includes('--http2')
  const app = createEchoApp()
  const server = isHttp2 ? createSecureServer(await createSelfSignedCertificate(), app) : http.createServer(app)
  const port = Number(process.env['PORT'] ?? 3000)
  server.listen(port, () => console.log(`Echo sample: ${isHttp2 ? 'https' : 'http'}://localhost:${port}/  (press Ctrl+C to stop)`))
}

void start()
