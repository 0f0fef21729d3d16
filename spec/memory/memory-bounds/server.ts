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

// Measures the memory of the stages of a connection in a separate process. MeasuredServer starts it.
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

/** Sends until the kernel has no more room but the process has, for pongs. */
async function fillTransport(webSocket: ManagedWebSocket): Promise<void> {
  const message = Buffer.alloc(8192)
  do {
    await webSocket.sendAsync(message)
    for (let turn = 0; turn < 20; turn++) await setImmediate()
  } while (webSocket.bufferedAmount === 0)
  await beSilent(webSocket)
}

/** A message contains the length of the answer. */
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

/** Starts the servers, and returns their ports. Called first, and once. */
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
  // The second turn reads the data that is in the kernel now.
  for (let turn = 0; turn < 3; turn++) await setImmediate()
  let bytesRead = 0
  for (const socket of sockets) bytesRead += socket.bytesRead
  return {
    /** The number of requests that have reached their stage. */
    ready,
    /** The bytes that were read from the open connections, below TLS. */
    bytesRead,
    connections: sockets.size,
  }
}

/** Ends all connections and resets the counters. Returns the number of remaining connections. */
async function reset(): Promise<number> {
  ready = 0
  // A connection that is not read does not notice that its client has gone.
  for (const socket of sockets) socket.destroy()
  await setImmediate()
  return sockets.size
}

const functions = { start, tellState, memoryInUse, reset }
export type ServerFunctions = typeof functions
answerCalls(functions)
