import { afterEach, beforeEach, describe, expect, it } from '@jest/globals'
import { once } from 'node:events'
import { createServer } from 'node:http'
import type { Server } from 'node:http'
import express from 'express'
import { useWebSockets, webSocketHandler } from 'express-use-websockets'
import request from 'superwstest'
import { until } from '../support/until.ts'

const webSockets = useWebSockets()
const received: unknown[] = []
const app = express()
app.use(webSockets)
app.all(
  '/ws',
  webSocketHandler(async (webSocket) => {
    await webSocket.sendAsync('hello')
    for await (const message of webSocket) {
      if (message === 'bye') return
      received.push(message)
      await webSocket.sendAsync(message)
    }
  }),
)
app.all('/forbidden', (_req, res) => void res.status(403).json({ error: 'not for you' }))

let server: Server

beforeEach(async () => {
  server = createServer(app).listen(0, 'localhost')
  await once(server, 'listening')
})

afterEach(async () => {
  request.closeAll()
  server.close()
  await once(server, 'close')
})

describe('superwstest', () => {
  it('exchanges text, JSON and bytes with an application, until the Close frame', async () => {
    await request(server)
      .ws('/ws')
      .expectText('hello')
      .sendText('text')
      .expectText('text')
      .sendJson({ a: [1] })
      .expectJson({ a: [1] })
      .sendBinary([1, 2, 3])
      .expectBinary([1, 2, 3])
      .sendText('bye')
      .expectClosed(1000)
    await until(() => webSockets.connections === 0)
    expect(received).toEqual(['text', '{"a":[1]}', Buffer.from([1, 2, 3])])
  })

  it('sees the status of a refusal, and ordinary requests', async () => {
    await request(server).ws('/forbidden').expectConnectionError(403)
    await request(server).get('/ws').expect(426)
    const { body } = (await request(server).get('/forbidden').expect(403)) as { body: unknown }
    expect(body).toEqual({ error: 'not for you' })
  })
})
