import { fork } from 'node:child_process'
import type { ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { readFileSync } from 'node:fs'
import path from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { parseArgs } from 'node:util'
import { SoakClient } from './soak/soak-client.ts'

// npm run soak -- [--connections 10000] [--minutes 10]: mixed traffic, churn and peers that vanish without a FIN. Run `npm run build` first.
const { values } = parseArgs({
  options: { connections: { type: 'string', default: '10000' }, minutes: { type: 'string', default: '10' } },
})
const connections = Number(values.connections)
const duration = Number(values.minutes) * 60_000

const KEEP_ALIVE_INTERVAL = 15_000
const KEEP_ALIVE_TIMEOUT = 10_000
/** In each turn: this part of all connections sends, and this part of them leaves or vanishes, and is replaced. */
const TURN = 100
const SENDING = 0.005
const LEAVING = 0.0002
const VANISHING = 0.0001
const SIZES = [16, 64, 64, 512, 4096, 65_536]

const errors: Error[] = []
const clients: SoakClient[] = []
const vanished = new Map<number, SoakClient>()
const latencies: number[] = []
let nextId = 0
let buried = 0
let left = 0

void main()

async function main(): Promise<void> {
  const server = fork(path.join(__dirname, 'soak/server.mjs'), [String(KEEP_ALIVE_INTERVAL), String(KEEP_ALIVE_TIMEOUT)], {
    execArgv: [],
  })
  server.once('exit', (code) => errors.push(new Error(`The server has died (${code})`)))
  const [{ port }] = (await once(server, 'message')) as [{ port: number }]
  server.on('message', onServerMessage)
  while (clients.length < connections)
    await Promise.all(Array.from({ length: Math.min(100, connections - clients.length) }, () => join(port)))
  console.log(
    `${connections} connections, ${values.minutes} min, pings every ${KEEP_ALIVE_INTERVAL} ms, ${KEEP_ALIVE_TIMEOUT} ms for an answer`,
  )
  console.log('  time    resident  errors  vanished  noticed  left in order')
  const started = Date.now()
  let reported = started
  while (Date.now() - started < duration) {
    await Promise.all([takeTurn(port), delay(TURN)])
    if (Date.now() - reported < Math.min(30_000, duration / 10)) continue
    reported = Date.now()
    report(server, reported - started)
  }
  // The last that has vanished has its time, too.
  for (let waited = 0; vanished.size > 0 && waited < KEEP_ALIVE_INTERVAL + KEEP_ALIVE_TIMEOUT + GRACE; waited += TURN) await delay(TURN)
  report(server, Date.now() - started)
  conclude()
}

async function join(port: number): Promise<void> {
  clients.push(await SoakClient.open(port, nextId++, (error) => errors.push(error)))
}

async function takeTurn(port: number): Promise<void> {
  for (let count = Math.ceil(connections * SENDING); count > 0; count--) pick().send(SIZES[Math.floor(Math.random() * SIZES.length)] ?? 16)
  const leaving = chance(connections * LEAVING)
  const vanishing = chance(connections * VANISHING)
  for (let count = 0; count < leaving + vanishing; count++) {
    const client = remove()
    if (count < leaving) {
      client.leave()
    } else {
      client.vanish()
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
  latencies.push(ended.at - (client.vanishedAt ?? ended.at))
  vanished.delete(ended.id)
  buried++
  client.bury()
}

function report({ pid }: ChildProcess, time: number): void {
  const [, kilobytes] = /^VmRSS:\s+(\d+) kB/m.exec(readFileSync(`/proc/${pid}/status`, 'latin1')) ?? []
  const columns = [
    `${(time / 1000).toFixed(0)} s`,
    `${(Number(kilobytes) / 1024).toFixed(1)} MiB`,
    errors.length,
    buried + vanished.size,
    buried,
    left,
  ]
  console.log(columns.map((column, index) => String(column).padStart([6, 12, 8, 10, 9, 15][index] ?? 0)).join(''))
}

function conclude(): void {
  latencies.sort((a, b) => a - b)
  const at = (part: number): string => `${((latencies[Math.floor((latencies.length - 1) * part)] ?? 0) / 1000).toFixed(1)} s`
  const echoes = clients.reduce((sum, client) => sum + client.echoes, 0)
  console.log(
    `Noticed after ${at(0)} to ${at(1)}, half of them within ${at(0.5)}; ${vanished.size} not at all. ${echoes} echoes on connections that stayed`,
  )
  const isLate = (latencies.at(-1) ?? 0) > KEEP_ALIVE_INTERVAL + KEEP_ALIVE_TIMEOUT + GRACE
  for (const error of errors.slice(0, 10)) console.error(error.message)
  process.exit(errors.length > 0 || vanished.size > 0 || isLate ? 1 : 0)
}

function pick(): SoakClient {
  const client = clients[Math.floor(Math.random() * clients.length)]
  if (client === undefined) throw new Error('There are no connections')
  return client
}

/** The one that is removed gives its place to the last. */
function remove(): SoakClient {
  const client = pick()
  const last = clients.pop()
  if (last !== undefined && last !== client) clients[clients.indexOf(client)] = last
  return client
}

/** Rounds down or up, so that it is right on average. */
function chance(expected: number): number {
  return Math.floor(expected + Math.random())
}

/** Milliseconds of a busy machine. */
const GRACE = 2000
