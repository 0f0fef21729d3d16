// Starts one package that serves WebSockets with Express, checks its behaviour, and prints the results.
import { once } from 'node:events'
import { readdirSync, readFileSync } from 'node:fs'
import { createServer } from 'node:http'
import { setTimeout } from 'node:timers/promises'
import express from 'express'
import { useWebSockets, webSocketHandler } from 'express-use-websockets'
import expressWs from 'express-ws'
import { tinyws } from 'tinyws'
import { WebSocketExpress } from 'websocket-express'
import { WebSocket } from 'ws'

let sawError
const errorSeen = new Promise((resolve) => (sawError = resolve))
process.on('unhandledRejection', () => sawError('unhandledRejection'))
const facts = {}

/** The shutdown of the package, in addition to closing the server. */
let stop = () => undefined

/** The handlers that all applications share. */
const setCookie = (_request, response, next) => {
  response.setHeader('Set-Cookie', 'seen=1')
  next()
}
const refuse = (_request, response) => void response.status(401).set('WWW-Authenticate', 'Basic').send('Log in first')
const catchError = (_error, _request, response, _next) => {
  sawError('the error handler')
  response.end()
}

/** Waits for a lookup first, and then reports how many of the messages that arrived meanwhile it receives. */
async function countEarly(socket) {
  facts.sendGives = typeof socket.send('accepted')
  facts.isAsyncIterable = Symbol.asyncIterator in socket
  await setTimeout(100)
  let count = 0
  socket.on('message', (data) => (String(data) === 'end' ? socket.send(String(count)) : count++))
  socket.send('listening')
}

const starts = {
  'express-use-websockets': () => {
    const webSockets = useWebSockets()
    const app = express().use(webSockets, setCookie)
    stop = () => void webSockets.closeAsync()
    app.all('/refused', refuse)
    app.all(
      '/early',
      webSocketHandler(async (socket) => {
        facts.sendGives = typeof socket.sendAsync('accepted')
        facts.isAsyncIterable = Symbol.asyncIterator in socket
        await setTimeout(100)
        await socket.sendAsync('listening')
        let count = 0
        for await (const message of socket) message === 'end' ? await socket.sendAsync(String(count)) : count++
      }),
    )
    app.all(
      '/fails',
      webSocketHandler(() => Promise.reject(new Error('fails'))),
    )
    return app.use(catchError).listen(0)
  },
  'express-ws': () => {
    const { app } = expressWs(express(), undefined, { leaveRouterUntouched: true })
    app.use(setCookie)
    app.use('/refused', refuse)
    app.ws('/refused', () => undefined)
    app.ws('/early', countEarly)
    app.ws('/fails', () => Promise.reject(new Error('fails')))
    return app.use(catchError).listen(0)
  },
  tinyws: () => {
    const app = express().use(setCookie)
    const server = createServer(app)
    tinyws({ handler: app }, server)
    app.use('/refused', refuse)
    app.use('/early', async (request) => countEarly(await request.ws()))
    app.use('/fails', async (request) => {
      await request.ws()
      throw new Error('fails')
    })
    app.use(catchError)
    return server.listen(0)
  },
  'websocket-express': () => {
    const app = new WebSocketExpress()
    app.use(setCookie)
    app.ws('/refused', (_request, response) => {
      response.setHeader('WWW-Authenticate', 'Basic')
      response.reject(401, 'Log in first')
    })
    app.ws('/early', async (_request, response) => countEarly(await response.accept()))
    app.ws('/fails', async (_request, response) => {
      await response.accept()
      throw new Error('fails')
    })
    app.use(catchError)
    return app.createServer().listen(0)
  },
}

async function ask(port, path) {
  const client = new WebSocket(`ws://127.0.0.1:${port}${path}`, { origin: 'https://evil.example' })
  client.on('error', () => undefined)
  const response = await Promise.race([once(client, 'upgrade'), once(client, 'unexpected-response').then(([, refusal]) => [refusal])])
  return { client, response: response[0] }
}

const name = process.argv[2]
const server = starts[name]()
await once(server, 'listening')
const { port } = server.address()

const refused = await ask(port, '/refused')
facts.refusal = {
  status: refused.response.statusCode,
  field: refused.response.headers['www-authenticate'] ?? null,
  body: refused.response.statusCode === 101 ? '' : Buffer.concat(await refused.response.toArray()).toString(),
}
refused.client.terminate()

const early = await ask(port, '/early')
facts.cookieWith101 = early.response.headers['set-cookie'] ?? null
facts.foreignOrigin = early.response.statusCode
const messages = []
early.client.on('message', (data) => messages.push(String(data)))
if (early.client.readyState !== WebSocket.OPEN) await once(early.client, 'open')
for (const message of ['1', '2', '3']) early.client.send(message)
while (!messages.includes('listening')) await once(early.client, 'message')
early.client.send('end')
while (messages.at(-1) === 'listening') await once(early.client, 'message')
facts.earlyMessages = Number(messages.at(-1))
early.client.terminate()

const failed = await ask(port, '/fails')
facts.errorIsSeenBy = await Promise.race([errorSeen, setTimeout(1000, 'nobody')])
failed.client.terminate()

const last = await ask(port, '/early')
server.close()
stop()
facts.closeAtShutdown = await Promise.race([once(last.client, 'close').then(([code]) => code), setTimeout(1000, null)])

const folder = `node_modules/${name}`
const source = readdirSync(folder, { recursive: true })
  .filter((file) => /\.m?js$/.test(file) && !file.includes('node_modules'))
  .map((file) => readFileSync(`${folder}/${file}`, 'utf8'))
  .join('\n')
facts.speaks = {
  http2: source.includes('enableConnectProtocol'),
  origins: /allowedOrigins/.test(source),
  pings: /\bping\w*\(/.test(source),
  maxConnections: source.includes('maxConnections'),
}
console.log(JSON.stringify(facts))
process.exit()
