import { randomInt } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { setTimeout as delay } from 'node:timers/promises'
import { parseArgs } from 'node:util'
import { Scene } from '../conformance/hostile/scene.ts'
import { transportNames } from '../conformance/hostile/transports.ts'
import type { HostileServer } from '../conformance/hostile/hostile-server.ts'
import type { HostileServerState } from '../conformance/hostile/server-settings.ts'
import { Attack } from './attack.ts'
import { inTime } from './patience.ts'
import { playPipelines } from './play-pipelines.ts'
import { Random } from './random.ts'

// npm run fuzz -- [--seconds 60] [--seed 1] [--batch 0]: attacks a server with mutated handshakes and frames, and plays pipelines of requests and
// handshakes. Fails on a crash, a hang, growth of memory, or a request that was not composed.
const { values } = parseArgs({
  options: { seconds: { type: 'string', default: '60' }, seed: { type: 'string' }, batch: { type: 'string', default: '0' } },
})
const seed = Number(values.seed ?? randomInt(2 ** 31))
const firstBatch = Number(values.batch)
const duration = Number(values.seconds) * 1000

const BATCH = 20
const MEGABYTE = 1024 * 1024
/** The allowed growth of the heap after all attacks: caches and compiled code. */
const HEAP_LIMIT = 6 * MEGABYTE
/** The allowed growth of resident memory since one fifth of the time, including the noise of V8 and malloc. */
const PEAK_LIMIT = 150 * MEGABYTE

let batch = firstBatch
let attacks: readonly Attack[] = []

void main()

async function main(): Promise<void> {
  console.log(`Seed ${seed}, ${values.seconds} s`)
  // Keep-alive ends HTTP/2 connections that Node does not end: after a flow-control error, Node stops reading and does not see their end.
  const scene = await Scene.set({ closeTimeout: 1000, keepAliveInterval: 600, keepAliveTimeout: 600 })
  try {
    await attackForTheTime(scene)
    await scene.clear()
  } catch (error) {
    console.error(error)
    await tellWhy(scene.server)
    console.error(`Failed at batch ${batch} (npm run fuzz -- --seed ${seed} --batch ${batch}), which sent:`)
    for (const { transport, writes } of attacks) console.error(`${transport} ${writes.join(' ')}`)
    process.exit(1)
  }
  process.exit()
}

async function attackForTheTime(scene: Scene): Promise<void> {
  const started = performance.now()
  let warm: HostileServerState | undefined
  for (; performance.now() - started < duration; batch++) {
    attacks = planAttacks()
    await inTime(Promise.all(attacks.map((attack) => attack.carryOut(scene.server.ports))), `batch ${batch} to end`)
    await inTime(playPipelines(seed + batch * BATCH, BATCH), `the pipelines of batch ${batch} to end`)
    await inTime(scene.recover(transportNames[batch % transportNames.length] ?? 'http'), `the server to recover from batch ${batch}`)
    if (performance.now() - started > duration / 5) warm ??= await weigh(scene, true)
  }
  const end = await weigh(scene, false)
  const batches = batch - firstBatch
  console.log(`Seed ${seed}: ${batches * BATCH} connections, and as many pipelines, in ${batches} batches and ${seconds(started)} s`)
  if (warm === undefined) return
  console.log(`Heap after collection: ${megabytes(warm.heap)} after a fifth of the time, ${megabytes(end.heap)} at the end`)
  console.log(`Peak of resident memory: ${megabytes(warm.peakMemory)} until then, ${megabytes(end.peakMemory)} from then on`)
  if (end.heap - warm.heap > HEAP_LIMIT || end.peakMemory - warm.peakMemory > PEAK_LIMIT)
    throw new Error('The memory of the server has grown')
}

/** Each connection has its own seed, so that its actions do not depend on the timing of the others. */
function planAttacks(): readonly Attack[] {
  return Array.from({ length: BATCH }, (_, index) => {
    const random = new Random(seed + batch * BATCH + index)
    // The end of connections that Node forgets takes a second, so HTTP/2 has fewer turns.
    return new Attack(random, batch % 4 === 0 ? random.pick(['h2c', 'h2']) : random.pick(['http', 'http', 'https']))
  })
}

/** The memory of the server when all connections of attacks have ended. Fails if one stays. */
async function weigh({ server }: Scene, forgetsPeak: boolean): Promise<HostileServerState> {
  const { peakMemory } = await server.state()
  await inTime(untilAlone(server), 'the server to be rid of the connections of all attacks')
  const state = await server.stateAfterCollection()
  if (forgetsPeak) await server.growthDuring(async () => undefined)
  return { ...state, peakMemory }
}

async function untilAlone(server: HostileServer): Promise<void> {
  while ((await server.state()).connections > transportNames.length) await delay(100)
}

/** Reports whether the server has died and why, or whether it works or waits. */
async function tellWhy(server: HostileServer): Promise<void> {
  const before = processorTime(server)
  await inTime(server.state(), 'the server to tell its state', 5000).then(
    (state) => console.error('The server is alive:', state),
    (error: unknown) => console.error(error, `Processor time meanwhile: ${processorTime(server) - before} s`),
  )
  server.kill()
}

/** The processor time in seconds, on Linux; otherwise 0. */
function processorTime({ processId }: HostileServer): number {
  try {
    const stat = readFileSync(`/proc/${processId}/stat`, 'latin1')
    const [user, system] = stat
      .slice(stat.lastIndexOf(')') + 2)
      .split(' ')
      .slice(11, 13)
    return (Number(user) + Number(system)) / 100
  } catch {
    return 0
  }
}

function seconds(started: number): string {
  return ((performance.now() - started) / 1000).toFixed(0)
}

function megabytes(bytes: number): string {
  return `${(bytes / MEGABYTE).toFixed(1)} MB`
}
