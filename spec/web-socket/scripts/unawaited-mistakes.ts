/** Passes every kind of invalid argument without awaiting, and prints the arguments of the errors that reach the process. */
import { duplexPair } from 'node:stream'
import { prepareMessage } from '../../../lib/web-socket/prepared-message.ts'
import { ManagedWebSocket } from '../../../lib/web-socket/managed-web-socket.ts'
import { WebSocketException } from '../../../lib/errors/web-socket-exception.ts'
import { WebSocketMessageFlags } from '../../../lib/web-socket/values/web-socket-message-flags.ts'

const heard: (string | undefined)[] = []

process.on('unhandledRejection', (error) => {
  if (!(error instanceof WebSocketException)) throw error
  heard.push(error.argument)
})

const [stream] = duplexPair()
const webSocket = ManagedWebSocket.createFromStream(stream, { isServer: true })
// @ts-expect-error: plain JavaScript may pass it.
void webSocket.sendAsync({ a: 1 })
void webSocket.sendAsync('text', 2)
void webSocket.sendAsync('text', undefined, 4)
void webSocket.sendAsync('begun', undefined, false)
void webSocket.sendAsync(prepareMessage('prepared'))
void webSocket.sendAsync('ended', undefined, WebSocketMessageFlags.EndOfMessage | WebSocketMessageFlags.DisableCompression)
// @ts-expect-error: it is not a buffer.
void webSocket.receiveAsync('buffer')
void webSocket.closeAsync(1)
void webSocket.closeAsync(1000, 'x'.repeat(124))
void webSocket.closeOutputAsync(undefined, 'reason')
void webSocket.closeOutputAsync(1005)
setImmediate(() => {
  process.stdout.write(heard.join(' '))
  process.exit()
})
