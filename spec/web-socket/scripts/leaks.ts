/**
 * Opens sockets and ends them in every possible way. Prints for each way what was left, and fails if anything was. Run with `--expose-gc`. Argument:
 * the number of sockets per way.
 */
import { getEventListeners, once, setMaxListeners } from 'node:events'
import { connect, createServer } from 'node:net'
import type { Server, Socket } from 'node:net'
import { setImmediate } from 'node:timers/promises'
import type { WebSocketCreationOptions } from '../../../lib/web-socket/create-from-stream.ts'
import { ManagedWebSocket } from '../../../lib/web-socket/managed-web-socket.ts'
import { closePayload, rawFrame } from '../../support/raw-frames.ts'

interface Way {
  readonly options?: WebSocketCreationOptions
  /** Ends the connection after all operations were started. */
  end(webSocket: ManagedWebSocket, peer: Socket): unknown
}

const CLOSE = rawFrame(8, closePayload(1000))
const TEXT = rawFrame(1, 'text')
/** `Hello` (RFC 7692, section 7.2.3.1). */
const COMPRESSED = rawFrame(1, Buffer.from('f248cdc9c90700', 'hex'), { reserved: 4 })

const ways: Record<string, Way> = {
  'we close': {
    end: async (webSocket, peer) => {
      const closed = webSocket.closeAsync(1000)
      peer.write(CLOSE)
      await closed
    },
  },
  'the peer closes': {
    end: async (webSocket, peer) => {
      peer.write(CLOSE)
      while (webSocket.closeStatus === null) await setImmediate()
      await webSocket.closeOutputAsync(1000)
    },
  },
  'we abort': { end: (webSocket) => webSocket.abort() },
  'we dispose': { end: (webSocket) => webSocket.dispose() },
  'the peer ends without a Close frame': { end: (_, peer) => peer.end() },
  'the peer resets': { end: (_, peer) => peer.resetAndDestroy() },
  'the peer breaks the rules': { end: (_, peer) => peer.write(rawFrame(3)) },
  'the close handshake times out': {
    options: { closeTimeout: 5 },
    end: (webSocket) => webSocket.closeAsync(1000),
  },
  'keep-alive times out': {
    options: { keepAliveInterval: 2, keepAliveTimeout: 5 },
    end: () => undefined,
  },
  'a receive is cancelled': {
    end: (webSocket) => webSocket.receiveAsync(Buffer.alloc(1), AbortSignal.abort()),
  },
  'the peer closes, without an answer': { end: (_, peer) => peer.write(CLOSE) },
  'the peer closes after messages that are not received': {
    options: { closeAnswerTimeout: 1, closeTimeout: 5 },
    end: (_, peer) => peer.write(Buffer.concat([TEXT, TEXT, TEXT, CLOSE])),
  },
  'the peer closes after compressed messages that are not received': {
    options: { closeAnswerTimeout: 1, closeTimeout: 5, dangerousDeflateOptions: {} },
    end: (_, peer) => peer.write(Buffer.concat([COMPRESSED, COMPRESSED, COMPRESSED, CLOSE])),
  },
  'the handler throws': {
    end: async (webSocket, peer) => {
      peer.write(CLOSE)
      await using used = webSocket
      throw new Error(`in state ${used.state}`)
    },
  },
  'we close, compressed': {
    options: { dangerousDeflateOptions: {} },
    end: async (webSocket, peer) => {
      await webSocket.sendAsync('compressed')
      const closed = webSocket.closeAsync(1000)
      peer.write(CLOSE)
      await closed
    },
  },
  'we abort while it compresses': {
    options: { dangerousDeflateOptions: {} },
    end: (webSocket) => {
      void webSocket.sendAsync('compressed')
      webSocket.abort()
    },
  },
}

/** The number of collected sockets of the current way. Late reports of earlier ways do not count. */
let collected = 0
let currentWay: Way | undefined
const registry = new FinalizationRegistry<Way>((way) => {
  if (way === currentWay) collected++
})

async function main(): Promise<void> {
  const count = Number(process.argv[2])
  const server = createServer({ allowHalfOpen: true, noDelay: true }).listen(0, '127.0.0.1', 1000)
  await once(server, 'listening')
  const { signal } = new AbortController()
  setMaxListeners(0, signal)
  // A first run fills caches and compiles code.
  for (const way of Object.values(ways)) await endMany(server, { ...way }, signal, 20)
  for (const [name, way] of Object.entries(ways)) {
    await collect()
    collected = 0
    currentWay = way
    const heapBefore = process.memoryUsage().heapUsed
    await endMany(server, way, signal, count)
    await collect(count)
    const heapGrowth = process.memoryUsage().heapUsed - heapBefore
    const left = {
      way: name,
      sockets: count,
      uncollected: count - collected,
      resources: process.getActiveResourcesInfo().filter((resource) => !ALWAYS_THERE.has(resource)),
      listeners: getEventListeners(signal, 'abort').length,
      heapBytesPerSocket: Math.round(heapGrowth / count),
    }
    process.stdout.write(`${JSON.stringify(left)}\n`)
    const isClean = left.uncollected === 0 && left.resources.length === 0 && left.listeners === 0 && heapGrowth < NOISE + 100 * count
    if (!isClean) process.exitCode = 1
  }
  server.close()
}

async function endMany(server: Server, way: Way, signal: AbortSignal, count: number): Promise<void> {
  for (let done = 0; done < count; done += BATCH) {
    const connections: [Socket, Socket][] = []
    while (connections.length < Math.min(BATCH, count - done)) connections.push(await open(server))
    await Promise.all(connections.map((connection) => endOne(connection, way, signal)))
  }
}

/** Creates one WebSocket, starts every operation, ends it, and checks that every promise settles. */
async function endOne([socket, peer]: [Socket, Socket], way: Way, signal: AbortSignal): Promise<void> {
  const webSocket = ManagedWebSocket.createFromStream(socket, { ...way.options, isServer: true })
  registry.register(webSocket, way)
  peer.on('error', () => undefined).on('end', () => peer.end())
  peer.resume()
  const pending = [
    webSocket.receiveAsync(Buffer.alloc(1)),
    webSocket[Symbol.asyncIterator]().next(),
    webSocket.pingAsync(signal),
    webSocket.sendAsync('text', undefined, true, signal),
    webSocket.completion,
  ]
  await endBy(way, webSocket, peer)
  await Promise.allSettled(pending)
  peer.destroy()
}

/** The test provokes errors of the peer and of the handler. */
async function endBy(way: Way, webSocket: ManagedWebSocket, peer: Socket): Promise<void> {
  try {
    await way.end(webSocket, peer)
  } catch {
    // A rejection also settles.
  }
}

async function open(server: Server): Promise<[Socket, Socket]> {
  const address = server.address()
  const peer = connect({ port: address === null || typeof address === 'string' ? 0 : address.port, host: '127.0.0.1', allowHalfOpen: true })
  const [[socket]] = await Promise.all([once(server, 'connection') as Promise<[Socket]>, once(peer, 'connect')])
  return [socket, peer]
}

/** Collects garbage until `count` sockets were collected or no more are. Sockets with data in threads of zlib take a while. */
async function collect(count = 0): Promise<void> {
  let roundsWithoutAny = 0
  for (let round = 0; roundsWithoutAny < 20; round++) {
    const collectedBefore = collected
    await setImmediate()
    globalThis.gc?.()
    if (round > 2 && collected >= count) return
    roundsWithoutAny = collected > collectedBefore ? 0 : roundsWithoutAny + 1
  }
}

const BATCH = 50
/** The allowed difference of the heap for other reasons, in bytes. */
const NOISE = 500_000
/** Resources of the server and of standard output. */
const ALWAYS_THERE = new Set(['TCPServerWrap', 'PipeWrap', 'TTYWrap', 'FSReqCallback', 'FileHandle'])

void main()
