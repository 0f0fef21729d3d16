import type { LoadResult, LoadTask } from './load/task.ts'
import type { Peer } from './peers.ts'
import { runLoad, ServerProcess } from './processes.ts'
import type { Scenario } from './scenarios.ts'

/** The result of one run of one server. */
export interface Measurement {
  /** In the scenario's unit. */
  readonly figure: number
  /** The figure per second of the server's CPU time; `undefined` if that is unknown or has no meaning. */
  readonly perCpuSecond?: number | undefined
  /** The CPU use of the client, from 0 to 1. */
  readonly clientLoad?: number
  /** Latencies in milliseconds. */
  readonly p50?: number | undefined
  readonly p99?: number | undefined
  /** Bytes of heap per connection, if the server can report them. */
  readonly heap?: number | undefined
}

/** Starts the server, runs the client against it, and stops both. */
export async function takeMeasurement(scenario: Scenario, peer: Peer, seconds: number, warmUpSeconds: number): Promise<Measurement> {
  const server = await ServerProcess.start(peer)
  const path = pathFor(scenario, peer)
  const times = { warmUp: warmUpSeconds * 1000, duration: seconds * 1000 }
  // TypeScript does not see that the spread restores a member of the union.
  const task = { ...scenario.task(peer), ...times, port: server.port, path } as LoadTask
  try {
    if (scenario.unit === 'connections') return await measureSkew(server, peer, task)
    if (task.kind === 'idle') return await measureIdle(server, peer, task)
    if (task.kind === 'upload') return await measureUpload(server, peer, task)
    return await measureRate(server, peer, task)
  } finally {
    await server.stop()
  }
}

function pathFor({ name, path }: Scenario, { echoPath, idlePath }: Peer): string {
  if (path !== '/echo') return path
  return (name === 'memory' ? idlePath : echoPath) ?? path
}

async function measureRate(server: ServerProcess, peer: Peer, task: LoadTask): Promise<Measurement> {
  let cpuBefore: number | undefined
  const onBegin = (): void => {
    cpuBefore = server.cpuSeconds
  }
  const { count, seconds, clientLoad, latency } = await runLoad(task, peer, { onBegin })
  const cpuAfter = server.cpuSeconds
  const perCpuSecond = cpuBefore === undefined || cpuAfter === undefined ? undefined : count / (cpuAfter - cpuBefore)
  return { figure: count / seconds, perCpuSecond, clientLoad, p50: latency?.p50, p99: latency?.p99 }
}

async function measureIdle(server: ServerProcess, peer: Peer, task: LoadTask): Promise<Measurement> {
  const memory: Awaited<ReturnType<ServerProcess['measureMemory']>>[] = []
  const onReady = async (): Promise<void> => {
    memory.push(await server.measureMemory())
  }
  const { count }: LoadResult = await runLoad(task, peer, { onReady })
  const [before, after] = memory
  if (before === undefined || after === undefined) throw new Error('Memory was not measured')
  const heap = before.heap === undefined || after.heap === undefined ? undefined : (after.heap - before.heap) / count
  return { figure: (after.resident - before.resident) / count, heap }
}

/** Returns the number of connections of the process that has the most. */
async function measureSkew(server: ServerProcess, peer: Peer, task: LoadTask): Promise<Measurement> {
  const sockets: number[][] = []
  const onReady = async (): Promise<void> => {
    sockets.push(server.openSockets)
  }
  await runLoad(task, peer, { onReady })
  const [before = [], after = []] = sockets
  return { figure: Math.max(...after.map((count, index) => count - (before[index] ?? 0))) }
}

async function measureUpload(server: ServerProcess, peer: Peer, task: LoadTask): Promise<Measurement> {
  let before = 0
  const onReady = async (): Promise<void> => {
    before = (await server.measureMemory()).resident
    server.resetPeakMemory()
  }
  const { clientLoad } = await runLoad(task, peer, { onReady })
  return { figure: (server.peakMemory ?? Number.NaN) - before, clientLoad }
}
