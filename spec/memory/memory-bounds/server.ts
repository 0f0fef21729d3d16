import { once } from 'node:events'
import http from 'node:http'
import type { RequestListener, ServerResponse } from 'node:http'
import https from 'node:https'
import type { AddressInfo, Server, Socket } from 'node:net'
import { setImmediate } from 'node:timers/promises'
import express from 'express'
import { attachWebSockets, useWebSockets, webSocketHandler } from 'express-use-websockets'
import type { ManagedWebSocket } from 'express-use-websockets'
import { createSecureServer, createServer } from 'express-use-websockets/http2'
import { acceptWsWebSocketAsync } from 'express-use-websockets/ws'
import { answerCalls } from '../../support/forked-script.ts'
import { memoryInUse } from '../../support/memory-in-use.ts'
import { createSelfSignedCertificate } from '../../support/self-signed-certificate.ts'

// What the stages of a connection cost is measured here, in a process of its own: started by MeasuredServer.
const CONTEXT = { dangerousEnableCompression: true, keepAliveInterval: 0 }
const sockets = new Set<Socket>()
let ready = 0

const app = express()
app.use(useWebSockets())
app.all('/waiting', async (_request, response: ServerResponse) => {
  ready++
  await once(response, 'close')
})
app.all('/silent', webSocketHandler(beSilent, CONTEXT))
app.all('/receiving', webSocketHandler(receive, CONTEXT))
app.all('/full', webSocketHandler(fillTransport, CONTEXT))
app.all('/honest', webSocketHandler(answerAtLength, CONTEXT))
app.all('/ws', async (request) => {
  await acceptWsWebSocketAsync(request, CONTEXT)
  ready++
})

async function beSilent(webSocket: ManagedWebSocket): Promise<void> {
  ready++
  await webSocket.completion
}

async function receive(webSocket: ManagedWebSocket): Promise<void> {
  ready++
  for await (const message of webSocket) void message
}

/** Sends until the kernel has no more room, but we have: for pongs. */
async function fillTransport(webSocket: ManagedWebSocket): Promise<void> {
  const message = Buffer.alloc(8192)
  do {
    await webSocket.sendAsync(message)
    for (let turn = 0; turn < 20; turn++) await setImmediate()
  } while (webSocket.bufferedAmount === 0)
  await beSilent(webSocket)
}

/** A message says how long the answer is to be. */
async function answerAtLength(webSocket: ManagedWebSocket): Promise<void> {
  ready++
  const part = Buffer.alloc(8192)
  for await (const message of webSocket) {
    for (let rest = Number(message); rest > 0; rest -= part.length) await webSocket.sendAsync(part)
  }
}

async function listen(server: Server): Promise<number> {
  server.on('connection', (socket: Socket) => {
    sockets.add(socket)
    socket.once('close', () => sockets.delete(socket))
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  return (server.address() as AddressInfo).port
}

/** Where the server listens. Asked once, first of all. */
async function start() {
  const certificate = createSelfSignedCertificate()
  return {
    http: await listen(http.createServer(app)),
    https: await listen(https.createServer(certificate, app)),
    'http, attached': await listen(attached(http.createServer())),
    'https, attached': await listen(attached(https.createServer(certificate))),
    h2c: await listen(createServer(app)),
    h2: await listen(createSecureServer(certificate, app)),
  }
}

function attached(server: http.Server): http.Server {
  attachWebSockets(server, app as RequestListener, { filter: () => true })
  return server
}

async function tellState() {
  // Whatever lies in the kernel by now is read in the second turn.
  for (let turn = 0; turn < 3; turn++) await setImmediate()
  let bytesRead = 0
  for (const socket of sockets) bytesRead += socket.bytesRead
  return {
    /** How many requests have come to the stage that they were sent to. */
    ready,
    /** What was read from the connections that are open, below TLS. */
    bytesRead,
    connections: sockets.size,
  }
}

/** Ends all connections, and begins to count anew. Tells how many connections there are still. */
async function reset(): Promise<number> {
  ready = 0
  // A connection that nobody reads does not learn that its client is gone.
  for (const socket of sockets) socket.destroy()
  await setImmediate()
  return sockets.size
}

const functions = { start, tellState, memoryInUse, reset }
export type ServerFunctions = typeof functions
answerCalls(functions)
