/* Runs the same checks with @fastify/websocket, Hono on Node.js, crossws on Node.js, and Bun, and prints the results. */
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { createServer } from 'node:http'
import { setTimeout as wait } from 'node:timers/promises'
import fastifyWebSocket from '@fastify/websocket'
import { serve, upgradeWebSocket } from '@hono/node-server'
import crossws from 'crossws/adapters/node'
import Fastify from 'fastify'
import { Hono } from 'hono'
import { WebSocket, WebSocketServer } from 'ws'

const early = { fastify: 0, hono: 0, crossws: 0, bun: 0 }

async function startFastify() {
  const app = Fastify()
  await app.register(fastifyWebSocket)
  await app.register(async (scope) => {
    scope.get(
      '/deny',
      {
        websocket: true,
        preValidation: async (_request, reply) => reply.code(401).header('WWW-Authenticate', 'Basic').send('Log in first'),
      },
      () => {},
    )
    scope.get('/cookie', { websocket: true, preValidation: async (_request, reply) => void reply.header('Set-Cookie', 'seen=1') }, () => {})
    scope.get('/early', { websocket: true }, async (socket) => {
      await wait(100)
      socket.on('message', () => early.fastify++)
    })
  })
  await app.listen({ port: 0 })
  return [app.server.address().port, () => app.close()]
}

async function startHono() {
  const app = new Hono()
  app.get('/deny', (context) => context.text('Log in first', 401, { 'WWW-Authenticate': 'Basic' }))
  app.get(
    '/cookie',
    async (context, next) => {
      context.header('Set-Cookie', 'seen=1')
      await next()
    },
    upgradeWebSocket(() => ({})),
  )
  app.get(
    '/early',
    upgradeWebSocket(async () => {
      await wait(100)
      return { onMessage: () => early.hono++ }
    }),
  )
  const server = serve({ fetch: app.fetch, port: 0, websocket: { server: new WebSocketServer({ noServer: true }) } })
  await once(server, 'listening')
  return [server.address().port, () => server.close()]
}

async function startCrossws() {
  const ws = crossws({
    hooks: {
      upgrade(request) {
        if (request.url.endsWith('/deny')) throw new Response('Log in first', { status: 401, headers: { 'WWW-Authenticate': 'Basic' } })
        return { headers: { 'Set-Cookie': 'seen=1' } }
      },
      async open(peer) {
        peer.subscribe('news')
        await wait(100)
      },
      message(peer, message) {
        if (message.text() === 'publish') peer.publish('news', 'published')
        else early.crossws++
      },
    },
  })
  const server = createServer().listen(0)
  server.on('upgrade', (request, socket, head) => void ws.handleUpgrade(request, socket, head))
  await once(server, 'listening')
  return [
    server.address().port,
    async () => {
      ws.closeAll?.(1001)
      server.close()
    },
  ]
}

async function startBun() {
  const child = spawn('node_modules/.bin/bun', ['bun-server.mjs'], { stdio: ['ignore', 'pipe', 'inherit'] })
  process.on('exit', () => child.kill())
  const [line] = await once(child.stdout, 'data')
  const port = Number(line)
  const ask = async (path) => (await fetch(`http://127.0.0.1:${port}${path}`)).text()
  return [
    port,
    async () => {
      early.bun = Number(await ask('/early-count'))
      await ask('/stop')
    },
  ]
}

/** Whether what one client publishes reaches another. */
async function publishes(port) {
  const [publisher, subscriber] = ['/cookie', '/cookie'].map((path) => new WebSocket(`ws://127.0.0.1:${port}${path}`))
  await Promise.all([once(publisher, 'open'), once(subscriber, 'open')])
  await wait(200)
  const received = Promise.race([once(subscriber, 'message').then(([data]) => String(data)), wait(500, 'nothing')])
  publisher.send('publish')
  const message = await received
  publisher.terminate()
  subscriber.terminate()
  return message
}

/** Whether a client that does not answer pings is cut off, within 8 seconds of silence. */
async function noticesSilence(port) {
  const silent = new WebSocket(`ws://127.0.0.1:${port}/cookie`, { autoPong: false })
  await once(silent, 'open')
  return Promise.race([once(silent, 'close').then(([code]) => code), wait(15_000, 'stays open')])
}

const found = {}
for (const [name, start] of Object.entries({ fastify: startFastify, hono: startHono, crossws: startCrossws, bun: startBun })) {
  const [port, stop] = await start()
  const published = name === 'crossws' || name === 'bun' ? await publishes(port) : undefined
  const silence = name === 'bun' ? await noticesSilence(port) : undefined
  const refused = await new Promise((resolve) => {
    const client = new WebSocket(`ws://127.0.0.1:${port}/deny`)
    client.on('error', (error) => resolve(error.message))
    client.on('open', () => resolve('open'))
    client.on('unexpected-response', (_request, response) => {
      let body = ''
      response
        .setEncoding('utf8')
        .on('data', (text) => (body += text))
        .on('end', () => resolve({ status: response.statusCode, field: response.headers['www-authenticate'] ?? null, body }))
        .on('error', (e) => resolve({ status: response.statusCode, error: e.message }))
    })
  })
  const cookie = await new Promise((resolve) => {
    const client = new WebSocket(`ws://127.0.0.1:${port}/cookie`)
    client
      .on('upgrade', (response) => {
        resolve(response.headers['set-cookie'] ?? null)
        client.terminate()
      })
      .on('error', (error) => resolve(error.message))
  })
  const client = new WebSocket(`ws://127.0.0.1:${port}/early`)
  client.on('error', () => {})
  await once(client, 'open')
  for (const text of ['1', '2', '3']) client.send(text)
  await wait(400)
  const closed = Promise.race([once(client, 'close').then(([code]) => code), wait(1500, 'stays open')])
  const stopped = Promise.resolve(stop()).catch(() => {})
  const closeAtShutdown = await closed
  if (name === 'bun') await stopped
  found[name] = { refused, cookie, early: early[name], closeAtShutdown, published, silence }
  client.terminate()
}
console.log(JSON.stringify(found, undefined, 1))
process.exit()
