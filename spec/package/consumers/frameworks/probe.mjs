/* Runs the same checks with @fastify/websocket, Hono on Node.js, and crossws on Node.js, and prints the results. */
import { once } from 'node:events'
import { createServer } from 'node:http'
import { setTimeout as wait } from 'node:timers/promises'
import fastifyWebSocket from '@fastify/websocket'
import { serve, upgradeWebSocket } from '@hono/node-server'
import crossws from 'crossws/adapters/node'
import Fastify from 'fastify'
import { Hono } from 'hono'
import { WebSocket, WebSocketServer } from 'ws'

const early = { fastify: 0, hono: 0, crossws: 0 }

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
      open: async () => wait(100),
      message: () => early.crossws++,
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

const found = {}
for (const [name, start] of Object.entries({ fastify: startFastify, hono: startHono, crossws: startCrossws })) {
  const [port, stop] = await start()
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
  void Promise.resolve(stop()).catch(() => {})
  found[name] = { refused, cookie, early: early[name], closeAtShutdown: await closed }
  client.terminate()
}
console.log(JSON.stringify(found, undefined, 1))
process.exit()
