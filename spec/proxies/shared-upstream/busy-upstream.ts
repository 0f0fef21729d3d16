import { EventEmitter, once } from 'node:events'
import { readFileSync } from 'node:fs'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import express from 'express'
import { createPipelineApp } from '../../fuzz/pipeline-app.ts'
import { answerCalls } from '../../support/forked-script.ts'

/*
 * An application that is busy at the wrong time, in a separate process. After the head of a request, it does not read until the body and another
 * request have arrived, so it gets both in one chunk. It answers between the two. A proxy that shares its connections forwards another request only
 * on a connection whose last request was answered completely.
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
  // After the other process was told.
  setImmediate(() => {
    blockUntil(() => unreadBytes() >= length)
    // The answer leaves the process at once.
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

/** Resolves when the application is about to be busy. */
async function untilBusy(): Promise<void> {
  await busy
}

/** The method and the path of each request that reached the inner application. */
async function tellRequests(): Promise<string[]> {
  return [...witnesses.values()].flatMap(({ requests }) => requests)
}

const functions = { start, untilBusy, tellRequests }
export type BusyUpstreamFunctions = typeof functions
answerCalls(functions)

/** Blocks the event loop, for two seconds at most in case a proxy behaves in an unexpected way. */
function blockUntil(condition: () => boolean): void {
  const deadline = performance.now() + 2000
  while (!condition() && performance.now() < deadline);
}

/** The bytes that have arrived on the connections of the server and were not read yet: proc_net_tcp(5). */
function unreadBytes(): number {
  const own = `0100007F:${(server.address() as AddressInfo).port.toString(16).toUpperCase().padStart(4, '0')}`
  const rows = readFileSync('/proc/net/tcp', 'latin1')
    .split('\n')
    .map((row) => row.trim().split(/\s+/))
  const established = rows.filter(([, local, , state]) => local === own && state === '01')
  return Math.max(0, ...established.map(([, , , , queues = '']) => Number.parseInt(queues.split(':')[1] ?? '0', 16)))
}
