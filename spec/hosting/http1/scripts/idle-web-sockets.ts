/**
 * Opens WebSockets whose clients send 80 KiB before the accept, receives that data, and prints what is still held while they are idle: the number of
 * HTTP parsers, and the KiB of payload per socket. Needs `--expose-gc`. Argument: `plain`, or `attached` for `attachWebSockets()`.
 */
import { once } from 'node:events'
import { createServer } from 'node:http'
import type { IncomingMessage } from 'node:http'
import { connect } from 'node:net'
import type { AddressInfo, Socket } from 'node:net'
import { setImmediate } from 'node:timers/promises'
import express from 'express'
import { attachWebSockets, useWebSockets } from 'express-use-websockets'
import type { ManagedWebSocket } from 'express-use-websockets'
import { rawFrame } from '../../../support/raw-frames.ts'
import { handshakeHead } from '../../../support/raw-http1.ts'
import { until } from '../../../support/until.ts'

const WEB_SOCKETS = 50
const EARLY = 40_960
const frame = rawFrame(2, Buffer.alloc(EARLY))

const isAttached = process.argv[2] === 'attached'
const parsers: WeakRef<object>[] = []
const clients = new Map<string, Socket>()
const buffer = Buffer.alloc(EARLY)
let received = 0

const app = express()
app.use(useWebSockets())
app.all('/:client', async (request) => {
  watchParser(request)
  await sendMore(request)
  const webSocket = await request.webSockets.acceptWebSocketAsync()
  await receiveMessage(webSocket)
  await receiveMessage(webSocket)
  await webSocket.completion
})

/** Outside of the handler, which would hold it. */
function watchParser(request: IncomingMessage): void {
  const { parser } = request.socket as Socket & { readonly parser?: object | null }
  if (parser !== undefined && parser !== null) parsers.push(new WeakRef(parser))
}

/** Sends once more from the client, and waits until that has arrived. */
async function sendMore(request: IncomingMessage): Promise<void> {
  const { bytesRead } = request.socket
  clients.get(request.url ?? '')?.write(frame)
  await until(() => request.socket.bytesRead >= bytesRead + frame.length)
}

async function receiveMessage(webSocket: ManagedWebSocket): Promise<void> {
  for (;;) {
    const { count, endOfMessage } = await webSocket.receiveAsync(buffer)
    received += count
    if (endOfMessage) return
  }
}

async function run(): Promise<void> {
  const server = createServer(app)
  if (isAttached) attachWebSockets(server, app, { filter: () => true })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const before = await payloadMemory()
  for (let index = 0; index < WEB_SOCKETS; index++) {
    const client = connect((server.address() as AddressInfo).port, '127.0.0.1').resume()
    clients.set(`/${index}`, client)
    client.write(Buffer.concat([Buffer.from(handshakeHead({}, `GET /${index} HTTP/1.1`)), frame]))
    await until(() => received === (index + 1) * 2 * EARLY)
  }
  const after = await payloadMemory()
  const held = parsers.filter((parser) => parser.deref() !== undefined)
  process.stdout.write(
    JSON.stringify({ received, parsers: parsers.length, parsersHeld: held.length, kibibytesHeld: (after - before) / WEB_SOCKETS / 1024 }),
  )
  process.exit()
}

async function payloadMemory(): Promise<number> {
  for (let turn = 0; turn < 10; turn++) {
    globalThis.gc?.()
    await setImmediate()
  }
  return process.memoryUsage().arrayBuffers
}

void run()
