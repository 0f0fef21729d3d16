/**
 * Runs a server in one process per processor on one port, and reports that port:
 * `node workers.mjs cluster ours.mjs` uses `node:cluster`, whose primary accepts every connection and passes it to a worker.
 * `node workers.mjs reuse-port COMMAND...` makes each process listen itself (`SO_REUSEPORT`), and the kernel distributes connections.
 */
import { spawn } from 'node:child_process'
import cluster from 'node:cluster'
import { once } from 'node:events'
import { availableParallelism } from 'node:os'
import path from 'node:path'
import { announce } from './listen.mjs'

const [, , kind, program = '', ...parameters] = process.argv
const count = availableParallelism()
announce(kind === 'cluster' ? await startCluster() : await startOnOnePort())

async function startCluster() {
  cluster.setupPrimary({ exec: path.join(import.meta.dirname, program), args: [] })
  const workers = Array.from({ length: count }, () => cluster.fork())
  const ports = await Promise.all(workers.map(async (worker) => (await once(worker, 'message'))[0].port))
  return ports[0]
}

/** The first process chooses the port. */
async function startOnOnePort() {
  const port = await startProcess(0)
  for (let index = 1; index < count; index++) await startProcess(port)
  return port
}

/** @param {number} port */
async function startProcess(port) {
  const child = spawn(program, [...parameters, String(port)], { stdio: ['ignore', 'pipe', 'inherit', 'ipc'] })
  // Node reports the port over its IPC channel, Bun on its standard output.
  const [told] = await Promise.race([once(child, 'message'), once(child.stdout, 'data')])
  return (told.port === undefined ? JSON.parse(String(told)) : told).port
}
