import { once } from 'node:events'
import http from 'node:http'
import https from 'node:https'
import type { AddressInfo, Server } from 'node:net'
import { createSecureServer, createServer } from 'express-use-websockets/http2'
import { createSelfSignedCertificate } from '../../support/self-signed-certificate.ts'
import { createHostileApp } from './app.ts'
import { forgetPeakMemory, peakMemory } from './peak-memory.ts'
import type { HostileServerSettings, HostileServerState } from './server-settings.ts'

// A separate process, so that nothing else keeps it alive. HostileServer starts it with its settings as JSON.
const settings = JSON.parse(process.argv[2] ?? '{}') as HostileServerSettings
const { app, webSockets } = createHostileApp(settings)
const certificate = createSelfSignedCertificate()

process.on('message', (message) => {
  if (message === 'forget peak') forgetPeakMemory()
  // Twice, because the second collection frees the objects that the first one finalises.
  if (message === 'collect garbage') for (let round = 0; round < 2; round++) globalThis.gc?.()
  const { heapUsed, external } = process.memoryUsage()
  const state: HostileServerState = {
    webSockets: webSockets.connections,
    peakMemory: peakMemory(),
    heap: heapUsed + external,
    connections: process.getActiveResourcesInfo().filter((resource) => resource === 'TCPSocketWrap').length,
  }
  process.send?.({ state })
})
process.on('disconnect', () => process.exit())

void Promise.all([
  listen(http.createServer(settings.http ?? {}, app)),
  listen(https.createServer({ ...settings.http, ...certificate }, app)),
  listen(createServer(app)),
  listen(createSecureServer(certificate, app)),
]).then(([httpPort, httpsPort, h2c, h2]) => process.send?.({ ports: { http: httpPort, https: httpsPort, h2c, h2 } }))

async function listen(server: Server): Promise<number> {
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  return (server.address() as AddressInfo).port
}
