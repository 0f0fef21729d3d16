import { nativeCounters } from './native-counters.ts'
import type { WebSocketTransport } from './web-socket-transport.ts'

/** Measures how written data leaves the process. */
export interface Outflow {
  /** Whether bytes wait in the process until the peer has read what was written before. */
  readonly isWaiting: boolean
  /** Bytes that have left the process. Only the difference between two of these figures has a meaning. */
  readonly left: number
}

/** Reads counters that Node maintains anyway, so that writing has no extra cost. */
export function outflowOf(transport: WebSocketTransport): Outflow {
  if (transport.outflow !== undefined) return transport.outflow()
  const { duplex } = transport
  const counters = nativeCounters(duplex)
  if (counters === undefined) return { isWaiting: duplex.writableLength > 0, left: -duplex.writableLength }
  return { isWaiting: counters.waiting > 0, left: counters.written - counters.waiting }
}
