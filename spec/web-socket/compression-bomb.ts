/* Run by compression.spec.ts in a separate process, for its peak memory: sends 1 MiB that inflates to 1 GiB, and prints the outcome. */
import { constants, deflateRawSync } from 'node:zlib'
import { ManagedWebSocket } from '../../lib/web-socket/managed-web-socket.ts'
import { connectTcp } from '../support/connect-tcp.ts'
import { rawFrame } from '../support/raw-frames.ts'
import { RawPeer } from '../support/raw-peer.ts'

async function explode(): Promise<void> {
  const [stream, other] = await connectTcp()
  const webSocket = ManagedWebSocket.createFromStream(stream, { isServer: true, dangerousDeflateOptions: {} })
  const peer = new RawPeer(other)
  // Flushed, so that the pieces can follow each other.
  const piece = deflateRawSync(Buffer.alloc(16 * 1024 * 1024), { finishFlush: constants.Z_FULL_FLUSH })
  const bomb = rawFrame(2, Buffer.concat(Array.from({ length: 64 }, () => piece)), { reserved: 4 })
  const before = peakMemory()
  void peer.send(bomb)
  await webSocket[Symbol.asyncIterator]().next()
  const close = await peer.nextFrame()
  peer.end()
  const { error } = await webSocket.completion
  const outcome = {
    bytesSent: bomb.length,
    closeStatus: close.payload.readUInt16BE(0),
    errorCode: error?.code,
    grownBy: peakMemory() - before,
  }
  console.log(JSON.stringify(outcome))
}

/** Bytes. */
function peakMemory(): number {
  return process.resourceUsage().maxRSS * 1024
}

void explode()
