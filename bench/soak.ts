import { fork } from 'node:child_process'
import type { ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { readFileSync } from 'node:fs'
import path from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { parseArgs } from 'node:util'
import { LoopDelays } from './soak/loop-delays.ts'
import { judgeMemory, megabytes } from './soak/memory-verdict.ts'
import type { SoakMemory } from './soak/memory-verdict.ts'
import { SlowPeers } from './soak/slow-peers.ts'
import { SoakClient } from './soak/soak-client.ts'

// npm run soak -- [--connections 10000] [--minutes 10], after `npm run build`.
// Clients send, leave and are replaced. Some reset the connection, vanish without a FIN, or send or read slowly.
// Fails on any error, on memory growth after the warm-up, and if a dead peer is detected too late.
const { values } = parseArgs({
  options: { connections: { type: 'string', default: '10000' }, minutes: { type: 'string', default: '10' } },
})
const connections = Number(values.connections)
const duration = Number(values.minutes) * 60_000

const KEEP_ALIVE_INTERVAL = 15_000
const KEEP_ALIVE_TIMEOUT = 10_000
/** In milliseconds. In each turn, these parts of all connections send, leave, or vanish. Clients that leave or vanish are replaced. */
const TURN = 100
const SENDING = 0.005
const LEAVING = 0.0008
const VANISHING = 0.0004
/** The part of the vanishing clients that reset the connection. */
const RESET = 0.25
/**
 * How many times all connections are replaced before the measurement begins, which takes about eight minutes.
 * V8's pages grow by fragmentation until all connections were replaced about five times; README.md has the figures.
 */
const WARM_UP_REPLACEMENTS = 6
/** Milliseconds that timers and IPC messages may take in addition to the delays of the event loops. */
const SLACK = 250
/**
 * Makes glibc return freed memory to the system. By default, messages of different sizes and lifetimes fragment its heap,
 * and resident memory then does not show how much memory is in use.
 */
const MALLOC = { MALLOC_MMAP_THRESHOLD_: '8192', MALLOC_ARENA_MAX: '1' }
const SIZES = [16, 64, 64, 512, 4096, 65_536]

const errors: Error[] = []
const clients: SoakClient[] = []
const vanished = new Map<number, SoakClient>()
/** When each detected peer vanished, and when the server detected it, in milliseconds. */
const burials: { readonly vanishedAt: number; readonly noticedAt: number }[] = []
let delays: LoopDelays
let nextId = 0
let buried = 0
let left = 0
let replaced = 0

void main()

async function main(): Promise<void> {
  const server = fork(path.join(__dirname, 'soak/server.mjs'), [String(KEEP_ALIVE_INTERVAL), String(KEEP_ALIVE_TIMEOUT)], {
    execArgv: ['--expose-gc'],
    // oxlint-disable-next-line node/no-process-env -- The server inherits the environment of the shell.
    env: { ...process.env, ...MALLOC },
  })
  server.once('exit', onServerExit)
  const [{ port }] = (await once(server, 'message')) as [{ port: number }]
  delays = new LoopDelays(server)
  server.on('message', onServerMessage)
  while (clients.length < connections)
    await Promise.all(Array.from({ length: Math.min(100, connections - clients.length) }, () => join(port)))
  console.log(
    `${connections} connections, ${values.minutes} min after a warm-up, pings every ${KEEP_ALIVE_INTERVAL} ms, ${KEEP_ALIVE_TIMEOUT} ms for an answer`,
  )
  console.log('  time    resident  errors  vanished  noticed  left in order')
  const reporting = setInterval(() => report(server), Math.min(30_000, duration / 10))
  while (replaced < WARM_UP_REPLACEMENTS * connections) await Promise.all([takeTurn(port), delay(TURN)])
  const warm = await weigh(server)
  report(server)
  console.log(`warm; ${values.minutes} min from here`)
  const end = Date.now() + duration
  // Slow peers run only between the measurements of memory, because they hold megabytes.
  const slow = new SlowPeers(port, KEEP_ALIVE_INTERVAL + KEEP_ALIVE_TIMEOUT, (error) => errors.push(error))
  while (Date.now() < end) {
    if (Date.now() + slow.duration < end) slow.fill()
    await Promise.all([takeTurn(port), delay(TURN)])
  }
  await slow.ended()
  console.log(`${slow.count} messages were read or sent slowly, in ${slow.duration / 1000} s each`)
  const final = await weigh(server)
  clearInterval(reporting)
  // Clients that vanished last get the full time to be detected, too.
  const patience = KEEP_ALIVE_INTERVAL + KEEP_ALIVE_TIMEOUT + 10_000
  for (let waited = 0; vanished.size > 0 && waited < patience; waited += TURN) await delay(TURN)
  report(server)
  server.off('exit', onServerExit)
  delays.stop()
  conclude(warm, final)
}

function onServerExit(code: number | null, signal: NodeJS.Signals | null): never {
  console.error(`The server has died (${signal ?? code})`)
  process.exit(1)
}

/** Measures the server's memory after a garbage collection. */
async function weigh(server: ChildProcess): Promise<SoakMemory> {
  const answered = new Promise<NodeJS.MemoryUsage>((resolve) => {
    server.on('message', function onMessage({ memory }: { readonly memory?: NodeJS.MemoryUsage }) {
      if (memory === undefined) return
      server.off('message', onMessage)
      resolve(memory)
    })
  })
  server.send('memory')
  const { external, heapUsed, rss } = await answered
  return { resident: rss, heap: heapUsed + external }
}

async function join(port: number): Promise<void> {
  clients.push(await SoakClient.open(port, nextId++, (error) => errors.push(error)))
}

async function takeTurn(port: number): Promise<void> {
  for (let count = Math.ceil(connections * SENDING); count > 0; count--) pick().send(SIZES[Math.floor(Math.random() * SIZES.length)] ?? 16)
  const leaving = chance(connections * LEAVING)
  const vanishing = chance(connections * VANISHING)
  replaced += leaving + vanishing
  for (let count = 0; count < leaving + vanishing; count++) {
    const client = remove()
    if (count < leaving) {
      client.leave()
    } else {
      if (Math.random() < RESET) client.reset()
      else client.vanish()
      vanished.set(client.id, client)
    }
  }
  await Promise.all(Array.from({ length: leaving + vanishing }, () => join(port).catch((error: Error) => errors.push(error))))
}

function onServerMessage({ ended }: { readonly ended?: { readonly id: number; readonly wasClean: boolean; readonly at: number } }): void {
  if (ended === undefined) return
  const client = vanished.get(ended.id)
  if (client === undefined) {
    if (ended.wasClean) left++
    else errors.push(new Error(`Connection ${ended.id} ended on the server without a close handshake`))
    return
  }
  burials.push({ vanishedAt: client.vanishedAt ?? ended.at, noticedAt: ended.at })
  vanished.delete(ended.id)
  buried++
  client.bury()
}

function report({ pid }: ChildProcess): void {
  const [, kilobytes] = /^VmRSS:\s+(\d+) kB/m.exec(readFileSync(`/proc/${pid}/status`, 'latin1')) ?? []
  const columns = [
    `${process.uptime().toFixed(0)} s`,
    megabytes(Number(kilobytes) * 1024),
    errors.length,
    buried + vanished.size,
    buried,
    left,
  ]
  console.log(columns.map((column, index) => String(column).padStart([6, 12, 8, 10, 9, 15][index] ?? 0)).join(''))
}

function conclude(warm: SoakMemory, end: SoakMemory): void {
  const latencies = burials.map(({ vanishedAt, noticedAt }) => noticedAt - vanishedAt).toSorted((a, b) => a - b)
  const at = (part: number): string => `${((latencies[Math.floor((latencies.length - 1) * part)] ?? 0) / 1000).toFixed(1)} s`
  const { isFlat, line } = judgeMemory(warm, end)
  const worst = Math.max(...burials.map(latenessOf))
  const isLate = worst > SLACK || vanished.size > 0
  console.log(`${SoakClient.echoes} echoes, ${errors.length} errors`)
  console.log(line)
  console.log(
    `Vanished peers were noticed after ${at(0)} to ${at(1)}, half of them within ${at(0.5)}; ${vanished.size} not at all. Event loops were late by ` +
      `${delays.ofServer.toFixed(0)} ms (server) and ${delays.ofClient.toFixed(0)} ms (clients) at most; less what they were late meanwhile, the ` +
      `last was noticed ${worst.toFixed(0)} ms after its time: ${isLate ? 'LATE' : 'in time'}`,
  )
  for (const error of errors.slice(0, 10)) console.error(error.message)
  process.exit(errors.length > 0 || !isFlat || isLate ? 1 : 0)
}

/** How much later than required a peer was detected, less the delays of the event loops. */
function latenessOf({ vanishedAt, noticedAt }: (typeof burials)[number]): number {
  return noticedAt - vanishedAt - KEEP_ALIVE_INTERVAL - KEEP_ALIVE_TIMEOUT - delays.marginOf(vanishedAt, noticedAt)
}

function pick(): SoakClient {
  const client = clients[Math.floor(Math.random() * clients.length)]
  if (client === undefined) throw new Error('There are no connections')
  return client
}

/** Removes a random client; the last one takes its place in the array. */
function remove(): SoakClient {
  const client = pick()
  const last = clients.pop()
  if (last !== undefined && last !== client) clients[clients.indexOf(client)] = last
  return client
}

/** Rounds randomly, so that the average is right. */
function chance(expected: number): number {
  return Math.floor(expected + Math.random())
}
