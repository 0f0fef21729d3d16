/* Run by cluster.spec.ts: two workers on one port. Prints the port. A worker that is told to stop first drains its WebSockets. */
import cluster from 'node:cluster'
import type { AddressInfo } from 'node:net'
import express from 'express'
import { useWebSockets, webSocketHandler } from 'express-use-websockets'

function startWorker(): void {
  const webSockets = useWebSockets()
  const app = express()
  app.use(webSockets)
  app.all(
    '/ws',
    webSocketHandler(async (webSocket) => {
      await webSocket.sendAsync(String(process.pid))
      for await (const message of webSocket) await webSocket.sendAsync(message)
    }),
  )
  const server = app.listen(0, '127.0.0.1')
  process.once('SIGTERM', async () => {
    server.close()
    await webSockets.closeAsync({ timeout: 5000 })
    process.exit()
  })
}

function startPrimary(): void {
  const workers = [cluster.fork(), cluster.fork()]
  let listening = 0
  cluster.on('listening', (_worker, { port }: AddressInfo) => {
    if (++listening === workers.length) console.log(port)
  })
  process.once('SIGTERM', () => {
    for (const worker of workers) worker.kill('SIGKILL')
    process.exit()
  })
}

if (cluster.isPrimary) startPrimary()
else startWorker()
