import { randomInt } from 'node:crypto'
import { parseArgs } from 'node:util'
import { Scene } from '../conformance/hostile/scene.ts'
import { transportNames } from '../conformance/hostile/transports.ts'
import { attack } from './attack.ts'
import type { Attack } from './attack.ts'
import { Random } from './random.ts'

// npm run fuzz -- [--seconds 60] [--seed 1]: attacks a server with mutated handshakes and frames; fails on a crash, a hang, or growth.
const { values } = parseArgs({ options: { seconds: { type: 'string', default: '60' }, seed: { type: 'string' } } })
const seed = Number(values.seed ?? randomInt(2 ** 31))
const duration = Number(values.seconds) * 1000

const BATCH = 20
const MEGABYTE = 1024 * 1024
/** What caches, code and the heap's slack may take once it has warmed up. */
const GROWTH_LIMIT = 150 * MEGABYTE
const PATIENCE = 30_000

void main()

async function main(): Promise<void> {
  console.log(`Seed ${seed}, ${values.seconds} s`)
  // Keep-alive frees what Node's HTTP/2 forgets: after an error of flow control it reads no more, and does not see the connection end.
  const scene = await Scene.set({ closeTimeout: 1000, keepAliveInterval: 600, keepAliveTimeout: 600 })
  const started = performance.now()
  let attacks: readonly Attack[] = []
  let count = 0
  let warmMemory: number | undefined
  try {
    for (let batch = 0; performance.now() - started < duration; batch++) {
      attacks = await inTime(attackTogether(scene, batch), `batch ${batch} to end`)
      count += attacks.length
      await inTime(scene.recover(transportNames[batch % transportNames.length] ?? 'http'), `the server to recover from batch ${batch}`)
      if (performance.now() - started > duration / 5)
        warmMemory ??= (await scene.server.growthDuring(async () => undefined), await memory(scene))
    }
    const growth = (await memory(scene)) - (warmMemory ?? 0)
    await scene.clear()
    console.log(`${count} connections; peak memory ${megabytes(growth)} above what it was after a fifth of the time`)
    if (warmMemory !== undefined && growth > GROWTH_LIMIT) throw new Error(`The memory of the server has grown by ${megabytes(growth)}`)
  } catch (error) {
    console.error(error)
    // If the server has died, this says of what.
    await scene.server.state().catch((death: unknown) => console.error(death))
    console.error(`Seed ${seed}, after ${count} connections. The last ones:`)
    for (const { transport, writes } of attacks) console.error(`${transport} ${writes.join(' ')}`)
    process.exit(1)
  }
  process.exit()
}

/** Each connection has a seed of its own, so that what one does is no matter of when the others did what. */
async function attackTogether({ server }: Scene, batch: number): Promise<readonly Attack[]> {
  return Promise.all(
    Array.from({ length: BATCH }, (_, index) => {
      const random = new Random(seed + batch * BATCH + index)
      // What Node forgets takes a second to be freed, so HTTP/2 has fewer turns.
      return attack(random, batch % 10 === 0 ? random.pick(['h2c', 'h2']) : random.pick(['http', 'http', 'https']), server.ports)
    }),
  )
}

async function memory({ server }: Scene): Promise<number> {
  return (await server.state()).peakMemory
}

async function inTime<T>(promise: Promise<T>, what: string): Promise<T> {
  let timer: NodeJS.Timeout | undefined
  const late = new Promise<never>((_resolve, reject) => {
    timer = setTimeout(() => reject(new Error(`Waited in vain for ${what}`)), PATIENCE)
  })
  return Promise.race([promise, late]).finally(() => clearTimeout(timer))
}

function megabytes(bytes: number): string {
  return `${(bytes / MEGABYTE).toFixed(1)} MB`
}
