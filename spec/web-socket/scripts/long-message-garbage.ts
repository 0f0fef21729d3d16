/** Receives 640 MiB in messages of 16 KiB with `for await`, and prints the number of garbage collections of each kind. */
import { once } from 'node:events'
import { connect, createServer } from 'node:net'
import type { Socket } from 'node:net'
import { constants, PerformanceObserver } from 'node:perf_hooks'
import { ManagedWebSocket } from '../../../lib/web-socket/managed-web-socket.ts'
import { Opcode } from '../../../lib/web-socket/frames/opcode.ts'
import { rawFrame } from '../../support/raw-frames.ts'

const MESSAGES = 40_000
const MESSAGES_PER_WRITE = 40

async function receive(): Promise<void> {
  const collections = { minor: 0, major: 0 }
  const observer = new PerformanceObserver((list) => {
    for (const { detail } of list.getEntries() as unknown as { detail: { kind: number } }[]) {
      if (detail.kind === constants.NODE_PERFORMANCE_GC_MINOR) collections.minor++
      if (detail.kind === constants.NODE_PERFORMANCE_GC_MAJOR) collections.major++
    }
  })
  const server = createServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  const address = server.address()
  const peer = connect(address === null || typeof address === 'string' ? 0 : address.port, '127.0.0.1')
  const [socket] = (await once(server, 'connection')) as [Socket]
  const webSocket = ManagedWebSocket.createFromStream(socket, { isServer: true })
  observer.observe({ entryTypes: ['gc'] })
  void send(peer)
  let count = 0
  for await (const message of webSocket) {
    count += message.length === 16_384 ? 1 : 0
    if (count === MESSAGES) break
  }
  const ended = once(peer, 'close')
  webSocket.abort()
  // The observer reports in the next turns.
  await ended
  await new Promise(setImmediate)
  process.stdout.write(JSON.stringify({ count, ...collections }))
  server.close()
}

async function send(peer: Socket): Promise<void> {
  const frame = rawFrame(Opcode.Binary, Buffer.alloc(16_384))
  const frames = Buffer.concat(Array.from({ length: MESSAGES_PER_WRITE }, () => frame))
  peer.on('error', () => undefined).resume()
  for (let sent = 0; sent < MESSAGES; sent += MESSAGES_PER_WRITE) {
    if (!peer.write(frames)) await once(peer, 'drain')
  }
}

void receive()
