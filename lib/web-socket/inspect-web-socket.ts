import { inspect } from 'node:util'
import type { InspectOptions } from 'node:util'
import { STATE_NAMES } from './state-names.ts'
import type { WebSocketConnection } from './web-socket-connection.ts'

/** The output of `console.log` for a WebSocket: its state, the address of the peer, the waiting bytes, and how it ended. */
export function inspectWebSocket(connection: WebSocketConnection, depth: number, options: InspectOptions): string {
  if (depth < 0) return '[ManagedWebSocket]'
  const { channel, closeFrame, completion, remoteAddress, settings, state } = connection
  const facts = {
    state: STATE_NAMES[state],
    subProtocol: settings.subProtocol,
    isCompressed: settings.compression !== undefined,
    ...(remoteAddress === undefined ? {} : { remoteAddress }),
    bufferedAmount: channel.bufferedAmount,
    ...(closeFrame === undefined ? {} : { closeStatus: closeFrame.status, closeStatusDescription: closeFrame.description }),
    ...(completion === undefined ? {} : { completion }),
  }
  return `ManagedWebSocket ${inspect(facts, options)}`
}
