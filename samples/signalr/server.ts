import http from 'node:http'
import { createSecureServer } from 'express-use-websockets/http2'
import { createSelfSignedCertificate } from '../self-signed-certificate.ts'
import { createSignalrApp } from './app.ts'

async function start(): Promise<void> {
  const isHttp2 = process.argv.includes('--http2')
  const server = isHttp2
    ? createSecureServer(await createSelfSignedCertificate(), createSignalrApp())
    : http.createServer(createSignalrApp())
  const port = Number(process.env['PORT'] ?? 3000)
  server.listen(port, () => console.log(`SignalR chat: ${isHttp2 ? 'https' : 'http'}://localhost:${port}/`))
}

void start()
