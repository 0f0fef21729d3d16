import type { LoadTask } from './load/task.ts'
import { BARE_CONNECTION, BY_GROUP, OVER_HTTP2, OVER_TLS, PEERS, PEERS_ON_ALL_PROCESSORS } from './peers.ts'
import type { Peer } from './peers.ts'

/** The unit of a figure. */
export type Unit = 'messages/s' | 'deliveries/s' | 'handshakes/s' | 'connections' | 'bytes/connection' | 'bytes of growth'

/** A workload to measure on several servers. */
export interface Scenario {
  readonly name: string
  readonly title: string
  readonly unit: Unit
  readonly path: string
  readonly peers: readonly Peer[]
  /** The name of the peer that the others are compared with. */
  readonly baseline: string
  readonly goal: string
  task(peer: Peer): UnboundTask
}

/** A task without the port, the path and the times. */
export type UnboundTask = LoadTask extends infer Task
  ? Task extends LoadTask
    ? Omit<Task, 'port' | 'path' | 'warmUp' | 'duration'>
    : never
  : never

const KIB = 1024
const MIB = 1024 * KIB
const GIB = 1024 * MIB
/** V8 pretenures the objects of a connection at first, which keeps dead ones alive. It corrects that after some 20,000 connections. */
const SETTLING_HANDSHAKES = 30_000

const WITH_CONTEXT = 'permessage-deflate'
const WITHOUT_CONTEXT = 'permessage-deflate; client_no_context_takeover; server_no_context_takeover'
/** The peers that are not listed are built on `ws`, or use the same code as one of these. */
const COMPRESSING = new Set(['ws', 'ours', 'kestrel', 'bun'])

export const SCENARIOS: readonly Scenario[] = [
  echo('echo-64', 'echo of 64 bytes of text, 50 connections, 32 under way on each', 50, 32, 64, true, '>= 9'),
  echo('echo-64-binary', 'echo of 64 bytes, 50 connections, 32 under way on each', 50, 32, 64, false, '>= 9'),
  echo('single-1', 'echo of 64 bytes of text, 1 connection, 1 under way', 1, 1, 64, true, '>= 1, p99 <= 1'),
  echo('single-50', 'echo of 64 bytes of text, 50 connections, 1 under way on each', 50, 1, 64, true, '>= 1, p99 <= 1'),
  echo('single-500', 'echo of 64 bytes of text, 500 connections, 1 under way on each', 500, 1, 64, true, '>= 1, p99 <= 1'),
  echo('echo-16k', 'echo of 16 KiB, 50 connections, 4 under way on each', 50, 4, 16 * KIB, false, '>= 3.3, and ws with bufferutil'),
  echo('echo-1m', 'echo of 1 MiB, 10 connections, 1 under way on each', 10, 1, MIB, false, '>= 3.3, and ws with bufferutil'),
  echoCompressed('128', 128, 1, '>= 6, and Kestrel'),
  echoCompressed('128', 128, 8, '>= 12, and Kestrel'),
  echoCompressed('1k', KIB, 1, '>= 4.5, and Kestrel'),
  echoCompressed('1k', KIB, 8, '>= 4.5, and Kestrel'),
  echoCompressed('16k', 16 * KIB, 8, '>= 1.3'),
  echoCompressed('128', 128, 8, '>= 12, and Kestrel', false),
  echoCompressed('1k', KIB, 8, '>= 4.5, and Kestrel', false),
  {
    ...ofAllPeers('broadcast', 'broadcast of 64 bytes of text to 1,000 connections, 4 under way', 'deliveries/s', '>= 4'),
    path: '/broadcast',
    peers: [...PEERS.filter(({ name }) => name !== 'ours-receive'), BY_GROUP],
    task: () => ({ kind: 'broadcast', connections: 1000, inFlight: 4, size: 64, warmUpCount: 100_000 }),
  },
  {
    ...ofAllPeers('broadcast-deflate', 'broadcast of 1 KiB of JSON, compressed, to 1,000 connections, 4 under way', 'deliveries/s', '>= 4'),
    path: '/broadcast-deflate',
    peers: PEERS.filter((peer) => COMPRESSING.has(peer.name)),
    task: () => ({ kind: 'broadcast', connections: 1000, inFlight: 4, size: KIB, extensions: WITHOUT_CONTEXT, warmUpCount: 20_000 }),
  },
  {
    ...ofAllPeers('handshakes', 'connect, shake hands, close in order; 50 at a time', 'handshakes/s', '>= 0.86, above every peer'),
    peers: PEERS.filter(({ name }) => name !== 'ours-receive'),
    task: () => ({ kind: 'handshake', connections: 50, warmUpCount: SETTLING_HANDSHAKES }),
  },
  {
    ...ofAllPeers(
      'memory',
      'resident memory for each of 10,000 idle connections',
      'bytes/connection',
      '<= 1.5, below every peer behind a chain',
    ),
    peers: PEERS.filter(({ name }) => name !== 'ours-receive'),
    task: () => ({ kind: 'idle', connections: 10_500, warmUpCount: 0 }),
  },
  memoryCompressed(true, '<= ws'),
  memoryCompressed(false, '<= 1.2 of a connection without compression'),
  {
    ...onAllProcessors(
      'cores-echo',
      'all processors, client included: echo of 64 bytes of text, 100 connections, 32 under way',
      'messages/s',
    ),
    task: () => ({ kind: 'echo', connections: 100, inFlight: 32, size: 64, isText: true, warmUpCount: 100_000 }),
  },
  {
    ...onAllProcessors('cores-handshakes', 'all processors, client included: connect, shake hands, close; 100 at a time', 'handshakes/s'),
    task: () => ({ kind: 'handshake', connections: 100, warmUpCount: SETTLING_HANDSHAKES }),
  },
  {
    ...onAllProcessors('cores-skew', 'of 10,000 connections, those of the process that has most', 'connections'),
    // The threads of one process share all connections.
    peers: PEERS_ON_ALL_PROCESSORS.filter(({ name }) => name !== 'kestrel-threads' && name !== 'ours-alone'),
    task: () => ({ kind: 'idle', connections: 10_500, warmUpCount: 0 }),
  },
  {
    name: 'http2',
    title: 'echo of 64 bytes of text, 100 sockets on one HTTP/2 connection over as many TLS connections',
    unit: 'messages/s',
    path: '/echo',
    peers: [OVER_TLS, OVER_HTTP2],
    baseline: OVER_TLS.name,
    goal: '>= 1',
    task: ({ name }) =>
      name === OVER_HTTP2.name
        ? { kind: 'http2-echo', connections: 100, inFlight: 1, size: 64, warmUpCount: 20_000 }
        : { kind: 'echo', connections: 100, inFlight: 1, size: 64, warmUpCount: 20_000, isText: true, isSecure: true },
  },
  {
    name: 'upload',
    title: 'growth of resident memory while one message of 1 GiB is received through a buffer of 64 KiB',
    unit: 'bytes of growth',
    path: '/upload',
    peers: [BARE_CONNECTION, ...PEERS.filter(({ name }) => name === 'ours' || name === 'ws')],
    baseline: BARE_CONNECTION.name,
    goal: '< 8 MiB',
    task: () => ({ kind: 'upload', size: GIB, warmUpCount: 0 }),
  },
]

function echo(name: string, title: string, connections: number, inFlight: number, size: number, isText: boolean, goal: string): Scenario {
  // A message costs about as much as 10 KB of payload. The warm-up should take a second or two.
  const warmUpCount = Math.round((inFlight > 1 ? 1e9 : 2e8) / (10_000 + size))
  return {
    ...ofAllPeers(name, title, 'messages/s', goal),
    task: () => ({ kind: 'echo', connections, inFlight, size, isText, warmUpCount }),
  }
}

/** An echo of compressible text over connections that have negotiated permessage-deflate. */
function echoCompressed(label: string, size: number, inFlight: number, goal: string, hasContext = true): Scenario {
  const name = `echo-deflate-${label}-${inFlight}${hasContext ? '' : '-no-context'}`
  const title = `echo of ${size} bytes of JSON, compressed${hasContext ? '' : ' without context takeover'}, 30 connections, ${inFlight} under way on each`
  const extensions = hasContext ? WITH_CONTEXT : WITHOUT_CONTEXT
  return {
    ...ofAllPeers(name, title, 'messages/s', goal),
    path: '/echo-deflate',
    peers: PEERS.filter((peer) => COMPRESSING.has(peer.name)),
    task: () => ({ kind: 'echo', connections: 30, inFlight, size, isText: true, extensions, warmUpCount: 10_000 }),
  }
}

function memoryCompressed(hasContext: boolean, goal: string): Scenario {
  const context = hasContext ? '' : ' without context takeover'
  const title = `resident memory for each of 10,000 connections that have echoed one compressed message of 1 KiB${context}`
  const extensions = hasContext ? WITH_CONTEXT : WITHOUT_CONTEXT
  return {
    ...ofAllPeers(`memory-deflate${hasContext ? '' : '-no-context'}`, title, 'bytes/connection', goal),
    path: '/echo-deflate',
    peers: PEERS.filter((peer) => COMPRESSING.has(peer.name)),
    task: () => ({ kind: 'idle', connections: 10_500, extensions, warmUpCount: 0 }),
  }
}

function onAllProcessors(name: string, title: string, unit: Unit): Omit<Scenario, 'task'> {
  return { name, title, unit, path: '/echo', peers: PEERS_ON_ALL_PROCESSORS, baseline: 'ws-cluster', goal: 'above ws' }
}

function ofAllPeers(name: string, title: string, unit: Unit, goal: string): Omit<Scenario, 'task'> {
  return { name, title, unit, path: '/echo', peers: PEERS, baseline: 'ws', goal }
}
