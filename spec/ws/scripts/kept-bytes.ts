/**
 * For each kind of frame, prints a line of JSON: the bytes that a peer has sent on the wire, and the bytes that this process keeps of them. There is
 * no listener for messages, unless the kind has one. Needs `--expose-gc`. Arguments: the transport (`http`, `https` or `h2`), the binary type, the
 * beginning of the names of the kinds, and the stage: accepted by `express-use-websockets/ws` (`ws`), as a `ManagedWebSocket` (`managed`), or not
 * (`waiting`).
 */
import { once } from 'node:events'
import { createServer } from 'node:http'
import { createServer as createHttpsServer } from 'node:https'
import type { AddressInfo, Socket } from 'node:net'
import { setImmediate } from 'node:timers/promises'
import { Worker } from 'node:worker_threads'
import express from 'express'
import type { Request } from 'express'
import { useWebSockets } from 'express-use-websockets'
import type { ManagedWebSocket } from 'express-use-websockets'
import { createServer as createHttp2Server } from 'express-use-websockets/http2'
import { acceptWsWebSocketAsync } from 'express-use-websockets/ws'
import type { WebSocket } from 'ws'
import { createSelfSignedCertificate } from '../../support/self-signed-certificate.ts'
import { until } from '../../support/until.ts'
import { kindsOfFrames } from '../kinds-of-frames.ts'
import type { KindOfFrames } from '../kinds-of-frames.ts'

const [, , transport = 'http', binaryType = 'nodebuffer', beginning = '', stage = 'ws'] = process.argv
const CONTEXT = { dangerousEnableCompression: true }
/** The number of peers that `send-frames.ts` opens. */
const PEERS = 4
const sockets: Socket[] = []
let connections: Connection[] = []

/** The opened sockets, and how to end them. */
interface Connection {
  readonly end: () => void
  readonly ended: Promise<unknown>
}

const app = express()
app.use(useWebSockets())
app.all('/:kind', async (request, response) => {
  const kind = kindsOfFrames[request.params.kind ?? '']
  if (stage === 'ws') connections.push(await acceptWs(request, kind))
  else if (stage === 'managed') connections.push(await acceptManaged(request, kind))
  else connections.push({ end: () => void response.status(401).end(), ended: once(response, 'close') })
})

async function acceptWs(request: Request, kind: KindOfFrames | undefined): Promise<Connection> {
  const webSocket = await acceptWsWebSocketAsync(request, CONTEXT)
  webSocket.binaryType = binaryType as WebSocket['binaryType']
  if (kind?.isListenedTo === true) webSocket.on('message', () => undefined)
  if (kind?.isPaused === true) webSocket.pause()
  // Not `once()`, which rejects on an 'error' event.
  const ended = new Promise((resolve) => {
    webSocket.on('close', resolve)
  })
  return { end: () => webSocket.terminate(), ended }
}

async function acceptManaged(request: Request, kind: KindOfFrames | undefined): Promise<Connection> {
  const webSocket = await request.webSockets.acceptWebSocketAsync(CONTEXT)
  if (kind?.isListenedTo === true) void receive(webSocket).catch(() => undefined)
  return { end: () => webSocket.abort(), ended: webSocket.completion }
}

async function receive(webSocket: ManagedWebSocket): Promise<void> {
  for await (const message of webSocket) void message
}

function createTransportServer(): ReturnType<typeof createServer> | ReturnType<typeof createHttp2Server> {
  if (transport === 'h2') return createHttp2Server({}, app)
  return transport === 'https' ? createHttpsServer(createSelfSignedCertificate(), app) : createServer(app)
}

async function run(): Promise<void> {
  const server = createTransportServer()
  server.on('connection', (socket: Socket) => sockets.push(socket)).listen(0, '127.0.0.1')
  await once(server, 'listening')
  const sender = new Worker(require.resolve('./send-frames.ts'), {
    workerData: { isAnswered: stage !== 'waiting', transport, port: (server.address() as AddressInfo).port },
  })
  // A first run fills caches and compiles code.
  await measure('empty texts', sender)
  const kinds = Object.keys(kindsOfFrames).filter((kind) => kind.startsWith(beginning))
  for (const kind of kinds) process.stdout.write(`${JSON.stringify(await measure(kind, sender))}\n`)
  process.exit()
}

async function measure(name: string, sender: Worker): Promise<{ kind: string; sent: number; kept: number }> {
  sender.postMessage(name, [])
  await once(sender, 'message')
  await until(() => connections.length === PEERS)
  const sentBefore = bytesRead()
  const keptBefore = await memory()
  sender.postMessage('send', [])
  await until(() => bytesRead() > sentBefore)
  await nothingComesAnyMore()
  const kept = ((await memory()) - keptBefore) / connections.length
  // Data that arrives late is counted too.
  const sent = (bytesRead() - sentBefore) / connections.length
  sender.postMessage('end', [])
  await once(sender, 'message')
  for (const { end } of connections) end()
  await Promise.all(connections.map(async ({ ended }) => ended))
  connections = []
  sockets.length = 0
  return { kind: name, sent: Math.round(sent), kept: Math.round(kept) }
}

function bytesRead(): number {
  return sockets.reduce((sum, socket) => sum + socket.bytesRead, 0)
}

/** No event reports this. */
async function nothingComesAnyMore(): Promise<void> {
  let last = bytesRead()
  let since = performance.now()
  while (performance.now() - since < 100) {
    await setImmediate()
    if (bytesRead() === last) continue
    last = bytesRead()
    since = performance.now()
  }
}

async function memory(): Promise<number> {
  for (let turn = 0; turn < 5; turn++) {
    await setImmediate()
    globalThis.gc?.()
  }
  const { heapUsed, external } = process.memoryUsage()
  return heapUsed + external
}

void run()
