/**
 * Calls everything that can reject because of the connection, its state or a signal, without awaiting, in all states. This must not end the process.
 */
import { duplexPair } from 'node:stream'
import { setTimeout } from 'node:timers/promises'
import { ManagedWebSocket } from '../../../lib/web-socket/managed-web-socket.ts'

function misuse(webSocket: ManagedWebSocket): void {
  const signal = AbortSignal.abort()
  const buffer = Buffer.alloc(1)
  void webSocket.sendAsync('text', 0, true, signal)
  void webSocket.sendAsync('text')
  void webSocket.sendAsync(Buffer.alloc(1_000_000))
  void webSocket.sendAsync('waits', undefined, false)
  void webSocket.receiveAsync(buffer)
  void webSocket.pingAsync()
  void webSocket.pingAsync(signal)
  void webSocket[Symbol.asyncIterator]().next()
  void webSocket.closeAsync(1000, '', signal)
  void webSocket.closeAsync(1000)
  void webSocket.closeOutputAsync(1000)
  void webSocket.receiveAsync(buffer, signal)
}

async function main(): Promise<void> {
  const ends: ((webSocket: ManagedWebSocket, destroy: (error?: Error) => void) => void)[] = [
    (webSocket) => webSocket.abort(),
    (webSocket) => webSocket.dispose(),
    (webSocket) => void webSocket[Symbol.asyncDispose](),
    (_, destroy) => destroy(),
    (_, destroy) => destroy(new Error('reset')),
    () => undefined,
  ]
  for (const options of [{}, { dangerousDeflateOptions: {} }, { keepAliveInterval: 1, keepAliveTimeout: 2, closeTimeout: 1 }]) {
    for (const end of ends) {
      const [stream] = duplexPair()
      const webSocket = ManagedWebSocket.createFromStream(stream, { ...options, isServer: true })
      misuse(webSocket)
      end(webSocket, (error) => stream.destroy(error))
      misuse(webSocket)
      await setTimeout(10)
      misuse(webSocket)
    }
  }
  await setTimeout(50)
  process.stdout.write('alive')
}

void main()
