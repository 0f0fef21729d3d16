/**
 * Starts clients that begin trailers without ending them, read nothing, and disconnect; the argument is their number. Prints how many sessions have
 * closed after the garbage of all was collected. Run with `--expose-gc`.
 */
import { once } from 'node:events'
import type { ServerHttp2Session } from 'node:http2'
import type { Socket } from 'node:net'
import { setImmediate } from 'node:timers/promises'
import { createServer } from 'express-use-websockets/http2'
import { portOf } from '../../../support/http2-peers.ts'
import { frameTypes, RawHttp2Client } from '../../../support/raw-http2.ts'
import { until } from '../../../support/until.ts'

const SETTINGS_INITIAL_WINDOW_SIZE = 4
const END_STREAM = 1

async function main(): Promise<void> {
  let closed = 0
  const server = createServer((_request, response) => void response.write(Buffer.alloc(8_000_000)))
  server.on('session', (session: ServerHttp2Session) => session.on('close', () => void closed++))
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  for (let count = Number(process.argv[2]); count > 0; count--) {
    const connected = once(server, 'connection') as Promise<[Socket]>
    const client = await RawHttp2Client.connect(portOf(server), [[SETTINGS_INITIAL_WINDOW_SIZE, 0x7fffffff]])
    client.socket.pause()
    client.inOneSegment(() => {
      client.send(frameTypes.windowUpdate, 0, 0, Buffer.from('7fff0000', 'hex'))
      client.sendHeaders(1, [
        [':method', 'POST'],
        [':scheme', 'http'],
        [':authority', 'a'],
        [':path', '/'],
      ])
      client.send(frameTypes.headers, END_STREAM, 1, Buffer.from('\0\x09x-trailer\x05value', 'latin1'))
    })
    const [connection] = await connected
    // The client's system has no more room.
    await until(() => connection.bytesWritten > 100_000)
    client.socket.resetAndDestroy()
  }
  while (closed < Number(process.argv[2])) await setImmediate()
  for (let round = 0; round < 20; round++) {
    await setImmediate()
    globalThis.gc?.()
  }
  process.stdout.write(`${closed} closed\n`)
  process.exit()
}

void main()
