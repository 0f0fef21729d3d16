import type { MeasuredServer } from './measured-server.ts'
import type { Row } from './rows.ts'
import { connectSilentPeers, sendToAll } from './silent-peer.ts'

/** Bytes per peer. */
export interface Kept {
  /** The bytes that the server has read, including TLS records and HTTP/2 frames. Bytes in the kernel take no memory of the process. */
  readonly sent: number
  /** The memory that the process keeps for them, in addition to that of a peer at the same stage that has sent nothing. */
  readonly kept: number
  /** The part of it in ArrayBuffers. */
  readonly arrayBuffers: number
}

/** Plays a row with many peers at once, so that their sum is well above the noise. */
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
  // The process keeps nothing for an aborted connection.
  if (after.connections !== count) throw new Error(`Of ${count} connections ${after.connections} are left`)
  return {
    sent: (after.bytesRead - before.bytesRead) / count,
    kept: Math.round((after.total - before.total) / count),
    arrayBuffers: Math.round((after.arrayBuffers - before.arrayBuffers) / count),
  }
}

const MANY_PEERS = 30
/** For slow rows: many writes, or a connection that must be filled. */
const FEW_PEERS = 10
