import type { TransportName } from './measured-server.ts'
import { messages, pings, unfinishedMessages } from './traffic.ts'
import type { Traffic } from './traffic.ts'

/** A row of the table: the transport, the traffic, and the stage of the WebSocket. */
export interface Row {
  readonly transport: TransportName
  readonly stage: string
  readonly path: string
  readonly traffic: Traffic
}

const accepting: readonly TransportName[] = ['http', 'https', 'h2c', 'h2']
const attached: readonly TransportName[] = ['http, attached', 'https, attached']

/** Only useful combinations of a stage and traffic: a receiver takes whole messages. */
export const rows: readonly Row[] = [
  ...combine(accepting, 'before the accept', '/waiting', [...messages, ...pings, ...unfinishedMessages]),
  // Before the accept, only the way in which data arrives makes a difference.
  ...combine(
    attached,
    'before the accept',
    '/waiting',
    [...pings, ...unfinishedMessages].filter(({ parts }) => parts.length > 1),
  ),
  ...combine(accepting, 'without a receive', '/silent', [...messages, ...pings, ...unfinishedMessages]),
  ...combine(accepting, 'in the middle of a message of for await', '/receiving', [...pings, ...unfinishedMessages]),
  ...combine(accepting, 'to a WebSocket of ws without a listener', '/ws', [...messages, ...pings, ...unfinishedMessages]),
  // Over HTTP/2, a window of 0 has this effect at all stages.
  ...combine(['http', 'https'], 'while the connection is full of what the peer does not read', '/full', pings),
]

function combine(transports: readonly TransportName[], stage: string, path: string, traffics: readonly Traffic[]): Row[] {
  return transports.flatMap((transport) => traffics.map((traffic) => ({ transport, stage, path, traffic })))
}
