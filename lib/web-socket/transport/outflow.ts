import { nativeCounters } from './native-counters.ts'
import type { WebSocketTransport } from './web-socket-transport.ts'

/** How what we write leaves the process. */
export interface Outflow {
  /** Whether anything waits until the peer has taken what was written before. */
  readonly isWaiting: boolean
  /** Bytes that have left the process. Only what it has grown by means anything. */
  readonly left: number
}

/** Asked now and then, so that nothing need be counted when something is written. */
export function outflowOf(transport: WebSocketTransport): Outflow {
  if (transport.outflow !== undefined) return transport.outflow()
  const { duplex } = transport
  const counters = nativeCounters(duplex)
  if (counters === undefined) return { isWaiting: duplex.writableLength > 0, left: -duplex.writableLength }
  return { isWaiting: counters.waiting > 0, left: counters.written - counters.waiting }
}
