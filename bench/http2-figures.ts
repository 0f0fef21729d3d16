/*
 * Measures what HTTP/2 saves for many WebSockets of one client over TLS: bytes of the opening handshake, time and memory.
 * Run it with `node -r esbuild-register bench/http2-figures.ts [sockets]`. docs/http2.md quotes its figures.
 */
import { fork } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { once } from 'node:events'
import http2 from 'node:http2'
import https from 'node:https'
import express from 'express'
import { createSecureServer } from '../lib/http2.ts'
import { useWebSockets } from '../lib/index.ts'
import { createSelfSignedCertificate } from '../spec/support/self-signed-certificate.ts'

/** The header fields that a browser sends with the opening handshake of a page's WebSocket, and a session cookie. */
const browserFields = {
  origin: 'https://localhost:8443',
  'user-agent': 'Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/156.0.0.0 Safari/537.36',
  'accept-encoding': 'gzip, deflate, br, zstd',
  'accept-language': 'en-US,en;q=0.9',
  'cache-control': 'no-cache',
  pragma: 'no-cache',
  'sec-websocket-version': '13',
  'sec-websocket-extensions': 'permessage-deflate; client_max_window_bits',
  cookie: `connect.sid=s%3A${'0123456789abcdef'.repeat(5)}; theme=dark; consent=all`,
}

interface ServerReport {
  readonly read: number
  readonly written: number
  readonly memory: number
  readonly connections: number
}

if (process.argv[2] === 'server') void serve()
else void measure(Number(process.argv[2] ?? 1000))

async function serve(): Promise<void> {
  const app = express()
  app.use(useWebSockets({ keepAliveInterval: 0 }))
  app.all('/ws', async (req) => void (await req.webSockets.acceptWebSocketAsync()))
  const server = createSecureServer(createSelfSignedCertificate(), app)
  const sockets: { bytesRead: number; bytesWritten: number }[] = []
  server.on('secureConnection', (socket) => sockets.push(socket))
  process.on('message', () => {
    globalThis.gc?.()
    const sum = (name: 'bytesRead' | 'bytesWritten'): number => sockets.reduce((total, socket) => total + socket[name], 0)
    const report = { read: sum('bytesRead'), written: sum('bytesWritten'), memory: process.memoryUsage().rss, connections: sockets.length }
    process.send?.(report satisfies ServerReport)
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  process.send?.((server.address() as { port: number }).port)
}

async function measure(count: number): Promise<void> {
  for (const [name, open] of [
    ['HTTP/1.1', openOverHttp1],
    ['HTTP/2', openOverHttp2],
  ] as const) {
    const server = fork(__filename, ['server'], { execArgv: ['--expose-gc', '-r', 'esbuild-register'] })
    const [port] = (await once(server, 'message')) as [number]
    await open(port, 10)
    const before = await reportOf(server)
    const start = performance.now()
    await open(port, count)
    const time = performance.now() - start
    const after = await reportOf(server)
    const each = (total: number): string => (total / count).toFixed(0)
    console.log(
      `${name}: ${count} WebSockets on ${after.connections - before.connections} new connections in ${time.toFixed(0)} ms; each: ` +
        `${each(after.read - before.read)} B read, ${each(after.written - before.written)} B written, ` +
        `${(Number(each(after.memory - before.memory)) / 1024).toFixed(1)} KiB of memory`,
    )
    server.kill()
  }
  process.exit()
}

async function reportOf(server: ReturnType<typeof fork>): Promise<ServerReport> {
  server.send('report')
  const [report] = (await once(server, 'message')) as [ServerReport]
  return report
}

async function openOverHttp1(port: number, count: number): Promise<void> {
  await eachOf(count, async () => {
    const headers = {
      ...browserFields,
      connection: 'Upgrade',
      upgrade: 'websocket',
      'sec-websocket-key': randomBytes(16).toString('base64'),
    }
    const request = https.get({ host: '127.0.0.1', port, path: '/ws', headers, rejectUnauthorized: false, agent: false })
    request.on('error', (error) => console.log(error))
    await once(request, 'upgrade')
  })
}

let session: http2.ClientHttp2Session | undefined

async function openOverHttp2(port: number, count: number): Promise<void> {
  session ??= http2.connect(`https://127.0.0.1:${port}`, { rejectUnauthorized: false })
  const connected = session
  if (connected.remoteSettings?.enableConnectProtocol !== true) await once(connected, 'remoteSettings')
  await eachOf(count, async () => {
    const stream = connected.request({
      ':method': 'CONNECT',
      ':protocol': 'websocket',
      ':scheme': 'https',
      ':path': '/ws',
      ...browserFields,
    })
    await once(stream, 'response')
  })
}

/** Opens the WebSockets, fifty at a time. */
async function eachOf(count: number, open: () => Promise<void>): Promise<void> {
  let left = count
  await Promise.all(
    Array.from({ length: 50 }, async () => {
      while (left > 0) {
        left -= 1
        await open()
      }
    }),
  )
}
