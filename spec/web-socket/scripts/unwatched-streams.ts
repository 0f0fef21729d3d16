/** Streams without an `'error'` listener, over sockets whose peers disconnect in every way. This must not end the process. */
import type { Duplex } from 'node:stream'
import { ManagedWebSocket } from '../../../lib/web-socket/managed-web-socket.ts'
import { createReadableMessageStream } from '../../../lib/web-socket/streams/readable-message-stream.ts'
import { createWebSocketStream } from '../../../lib/web-socket/streams/web-socket-stream.ts'
import { createWritableMessageStream } from '../../../lib/web-socket/streams/writable-message-stream.ts'
import { connectTcp } from '../../support/connect-tcp.ts'

async function main(): Promise<void> {
  for (const isReset of [true, false]) {
    for (const use of uses) {
      const [stream, other] = await connectTcp()
      const webSocket = ManagedWebSocket.createFromStream(stream, { isServer: true, closeTimeout: 100 })
      use(webSocket)
      other.resume()
      if (isReset) other.resetAndDestroy()
      else other.end(Buffer.from([1, 2, 3]))
      await webSocket.completion
      // A later write.
      use(webSocket)
    }
  }
  await new Promise((resolve) => void setTimeout(resolve, 20))
  process.stdout.write('alive')
}

const uses: ((webSocket: ManagedWebSocket) => unknown)[] = [
  (webSocket) => createWebSocketStream(webSocket).resume(),
  (webSocket) => createWebSocketStream(webSocket, { ownsWebSocket: true }).resume(),
  (webSocket) => writeTwice(createWebSocketStream(webSocket)),
  (webSocket) => writeTwice(createWebSocketStream(webSocket, { ownsWebSocket: true }).resume()),
  (webSocket) => createWebSocketStream(webSocket, { ownsWebSocket: true }).end(Buffer.alloc(10_000_000)),
  (webSocket) => createReadableMessageStream(webSocket).resume(),
  (webSocket) => createWritableMessageStream(webSocket).write(Buffer.alloc(10_000_000)),
]

function writeTwice(stream: Duplex): void {
  stream.write(Buffer.alloc(10_000_000))
  setImmediate(() => stream.destroyed || stream.write('more'))
}

void main()
