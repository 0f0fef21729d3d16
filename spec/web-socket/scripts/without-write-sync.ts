/* Run by compression.spec.ts in a separate process, as on a Node.js whose zlib streams no longer have the synchronous write. */
import { createInflateRaw } from 'node:zlib'
import { ManagedWebSocket } from '../../../lib/web-socket/managed-web-socket.ts'
import { connectTcp } from '../../support/connect-tcp.ts'

async function converse(): Promise<void> {
  const { _handle } = createInflateRaw() as unknown as { _handle: object }
  const { prototype } = _handle.constructor as { prototype: { writeSync?: unknown } }
  delete prototype.writeSync
  const [stream, other] = await connectTcp()
  const server = ManagedWebSocket.createFromStream(stream, { isServer: true, dangerousDeflateOptions: {} })
  const client = ManagedWebSocket.createFromStream(other, { dangerousDeflateOptions: {} })
  const echoing = (async () => {
    for await (const message of server) await server.sendAsync(message)
  })()
  const lengths: number[] = []
  const received = client[Symbol.asyncIterator]()
  for (const length of [0, 5, 8193, 100_000]) {
    await client.sendAsync('x'.repeat(length))
    lengths.push((await received.next()).value?.length ?? -1)
  }
  await client.closeAsync(1000)
  await echoing
  console.log(JSON.stringify({ lengths, isMissing: (_handle as { writeSync?: unknown }).writeSync === undefined }))
}

void converse()
