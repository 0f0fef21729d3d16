import { EventEmitter, once } from 'node:events'
import { readFileSync } from 'node:fs'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import express from 'express'
import { createPipelineApp } from '../../fuzz/pipeline-app.ts'
import { answerCalls } from '../../support/forked-script.ts'

/*
 * An application that is busy at the wrong moment, in a process of its own: it has the head of a request, and reads no further until the body and
 * another request have arrived, which it then has in one chunk; but it answers between them. A proxy that shares its connections forwards the other
 * request only on a connection whose last request has been answered, body and all.
 */
const { app: pipelineApp, witnesses } = createPipelineApp(false)
const app = express()
const server = createServer(app)
const events = new EventEmitter()
const busy = once(events, 'busy')

app.use((request, response, next) => {
  if (!request.url.startsWith('/busy/')) return next()
  const length = Number(request.headers['content-length'])
  events.emit('busy')
  // When the other process has been told.
  setImmediate(() => {
    blockUntil(() => unreadBytes() >= length)
    // Leaves the process at once.
    response.end(`answer to ${request.url}`)
    blockUntil(() => unreadBytes() > length)
  })
})
app.use(pipelineApp)

async function start(): Promise<number> {
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  return (server.address() as AddressInfo).port
}

/** Waits until it is about to be busy. */
async function untilBusy(): Promise<void> {
  await busy
}

/** Method and path of each request that reached the application behind. */
async function tellRequests(): Promise<string[]> {
  return [...witnesses.values()].flatMap(({ requests }) => requests)
}

const functions = { start, untilBusy, tellRequests }
export type BusyUpstreamFunctions = typeof functions
answerCalls(functions)

/** Lets the event loop stand still. A proxy that does otherwise than expected gets two seconds. */
function blockUntil(condition: () => boolean): void {
  const deadline = performance.now() + 2000
  while (!condition() && performance.now() < deadline);
}

/** What has arrived on the connections of the server and was not read yet: proc_net_tcp(5). */
function unreadBytes(): number {
  const own = `0100007F:${(server.address() as AddressInfo).port.toString(16).toUpperCase().padStart(4, '0')}`
  const rows = readFileSync('/proc/net/tcp', 'latin1')
    .split('\n')
    .map((row) => row.trim().split(/\s+/))
  const established = rows.filter(([, local, , state]) => local === own && state === '01')
  return Math.max(0, ...established.map(([, , , , queues = '']) => Number.parseInt(queues.split(':')[1] ?? '0', 16)))
}
