/** One transport throws. The sockets of the same turn and of later turns must continue. */
import { Duplex, duplexPair } from 'node:stream'
import { setImmediate } from 'node:timers/promises'
import { ManagedWebSocket } from '../../../lib/web-socket/managed-web-socket.ts'

process.on('uncaughtException', (error) => process.stdout.write(`${error.message}\n`))

async function main(): Promise<void> {
  const broken = new Duplex({
    read: () => undefined,
    write: () => {
      throw new Error('broken')
    },
  })
  const [stream, peer] = duplexPair()
  peer.on('data', (frame: Buffer) => process.stdout.write(`${frame.subarray(2).toString()}\n`))
  const throwing = ManagedWebSocket.createFromStream(broken, { isServer: true })
  const other = ManagedWebSocket.createFromStream(stream, { isServer: true })
  void throwing.sendAsync('unsendable')
  void other.sendAsync('same turn')
  await setImmediate()
  await other.sendAsync('later turn')
  await setImmediate()
}

void main()
