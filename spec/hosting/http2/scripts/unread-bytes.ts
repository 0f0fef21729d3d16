import { useWebSockets } from 'express-use-websockets'
import { connectRaw, rawFields, startHttp2Server } from '../../../support/http2-peers.ts'
import { memoryInUse } from '../../../support/memory-in-use.ts'
import { frameTypes } from '../../../support/raw-http2.ts'
import { until } from '../../../support/until.ts'

// Sends many DATA frames of one byte, each in a separate packet, on streams that nobody reads. Prints the memory that they take, in bytes.
const STREAMS = 20
const FRAMES = 1000

const connect = [
  [':method', 'CONNECT'],
  [':protocol', 'websocket'],
  [':scheme', 'http'],
  [':authority', 'x'],
  [':path', '/'],
  ['sec-websocket-version', '13'],
] as const

void main(process.argv[2] ?? '')

async function main(stage: string): Promise<void> {
  let requests = 0
  const webSockets = useWebSockets()
  const server = await startHttp2Server((request, response) => {
    void webSockets(request, response, () => {
      if (stage === 'accepted') void request.webSockets.acceptWebSocketAsync().then(() => requests++)
      else requests++
    })
  })
  let bytesRead = (): number => 0
  server.on('session', ({ socket }) => {
    bytesRead = () => socket.bytesRead
  })
  const client = await connectRaw(server)
  for (let stream = 0; stream < STREAMS; stream++) client.sendHeaders(2 * stream + 1, stage === 'body' ? rawFields('POST', '/') : connect)
  await until(() => requests === STREAMS)
  const before = await memoryInUse()
  for (let frame = 0; frame < FRAMES; frame++) {
    for (let stream = 0; stream < STREAMS; stream++) {
      client.send(frameTypes.data, 0, 2 * stream + 1, Buffer.of(frame === 0 ? 0x82 : frame === 1 ? 0xff : 0))
      await until(() => bytesRead() === client.socket.bytesWritten)
    }
  }
  const after = await memoryInUse()
  console.log(JSON.stringify({ sent: STREAMS * FRAMES * 10, held: after.total - before.total }))
  process.exit()
}
