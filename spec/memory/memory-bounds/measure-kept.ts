import type { MeasuredServer } from './measured-server.ts'
import type { Row } from './rows.ts'
import { connectSilentPeers, sendToAll } from './silent-peer.ts'

/** Bytes, for each peer. */
export interface Kept {
  /** What the server has read of it: what waits in the kernel costs the process nothing. Records of TLS and frames of HTTP/2 included. */
  readonly sent: number
  /** What the process keeps for that; beyond what it keeps for a peer at the same stage that has sent nothing. */
  readonly kept: number
  /** The part of it that is ArrayBuffers. */
  readonly arrayBuffers: number
}

/** Plays a row by so many peers at once, so that their sum is well above the noise. */
export async function measureKept(
  server: MeasuredServer,
  { transport, path, traffic }: Row,
  count = traffic.parts.length > 1 || path === '/full' ? FEW_PEERS : MANY_PEERS,
): Promise<Kept> {
  await server.beginRow()
  const peers = await connectSilentPeers(server, transport, { path, isCompressed: traffic.isCompressed }, count)
  const before = { ...(await server.untilRead()), ...(await server.memory()) }
  await sendToAll(peers, traffic.parts)
  const after = { ...(await server.untilRead()), ...(await server.memory()) }
  // One that was cut off would be kept nothing for.
  if (after.connections !== count) throw new Error(`Of ${count} connections ${after.connections} are left`)
  return {
    sent: (after.bytesRead - before.bytesRead) / count,
    kept: Math.round((after.total - before.total) / count),
    arrayBuffers: Math.round((after.arrayBuffers - before.arrayBuffers) / count),
  }
}

const MANY_PEERS = 30
/** For what takes long: many writes, or a connection that is to be filled. */
const FEW_PEERS = 10
