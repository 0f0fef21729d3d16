/*
 * Run by vite.spec.ts: the dev server of Vite in middleware mode and an echo of this package on one server. The argument is the folder of the page;
 * it prints the port.
 */
import http from 'node:http'
import type { AddressInfo } from 'node:net'
import express from 'express'
import { attachWebSockets, useWebSockets, webSocketHandler } from 'express-use-websockets'

async function start(root: string): Promise<void> {
  const { createServer } = await import('vite')
  const app = express()
  const server = http.createServer(app)
  const vite = await createServer({ root, configFile: false, logLevel: 'error', server: { middlewareMode: true, hmr: { server } } })
  app.use(useWebSockets())
  app.all(
    '/ws',
    webSocketHandler(async (webSocket) => {
      for await (const message of webSocket) await webSocket.sendAsync(message)
    }),
  )
  app.use(vite.middlewares)
  attachWebSockets(server, app, { filter: ({ url }) => url === '/ws' })
  server.listen(0, '127.0.0.1', () => console.log((server.address() as AddressInfo).port))
}

void start(process.argv[2] ?? '')
