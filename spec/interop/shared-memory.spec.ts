import { afterEach, describe, expect, it } from '@jest/globals'
import express from 'express'
import { setImmediate } from 'node:timers/promises'
import { prepareMessage, useWebSockets } from 'express-use-websockets'
import type { ManagedWebSocket } from 'express-use-websockets'
import { closeHttp1Peers } from '../support/http1-peers.ts'
import { http1Starts } from '../support/http1-server.ts'
import { rawFrame } from '../support/raw-frames.ts'
import { handshakeHead, RawHttp1Client } from '../support/raw-http1.ts'
import { until } from '../support/until.ts'
import { nextMessage, openWebSocket } from '../support/web-socket-client.ts'

afterEach(closeHttp1Peers)

/** All sockets are read into one buffer and written from one slab. The data of one must never reach another. */
describe.each(http1Starts)('the memory shared by all sockets, over %s', (_, start) => {
  async function startServer() {
    const accepted: ManagedWebSocket[] = []
    const app = express()
    app.use(useWebSockets({ maxBufferedAmount: Infinity }))
    app.all('/ws', async (req) => {
      accepted.push(await req.webSockets.acceptWebSocketAsync())
    })
    return { server: await start(app), accepted }
  }

  it('keeps unreceived data of each socket separate', async () => {
    const { server, accepted } = await startServer()
    const clients = [await openWebSocket(server), await openWebSocket(server), await openWebSocket(server)]
    for (const [index, { client }] of clients.entries()) {
      for (const part of ['one', 'two', 'three']) client.send(`${part} of ${index} ${'-'.repeat(index * 500)}`)
    }
    // A ping is answered in turn or after a while, so its pong shows that everything before it has arrived.
    await Promise.all(clients.map(async ({ client }) => new Promise((resolve) => client.once('pong', resolve).ping())))

    for (const [index, webSocket] of accepted.entries()) {
      const messages = webSocket[Symbol.asyncIterator]()
      for (const part of ['one', 'two', 'three']) {
        expect((await messages.next()).value).toBe(`${part} of ${index} ${'-'.repeat(index * 500)}`)
      }
    }
  })

  it('delivers the right data to a slow peer while others are sent data', async () => {
    const { server, accepted } = await startServer()
    const slow = await openWebSocket(server)
    const fast = await openWebSocket(server)
    const [toSlow, toFast] = accepted
    if (toSlow === undefined || toFast === undefined) throw new Error('Two were accepted')
    slow.client.pause()
    const sent: string[] = []
    // Until the kernel accepts no more, and a little longer.
    for (let number = 0; toSlow.bufferedAmount < 400_000; number++) {
      const text = `${number} ${String.fromCharCode(97 + (number % 26)).repeat(10_000)}`
      sent.push(text)
      void toSlow.sendAsync(text)
      // Frames are written at the end of a turn.
      await setImmediate()
      await toFast.sendAsync(`to the other: ${number} ${'#'.repeat(15_000)}`)
    }
    slow.client.resume()

    for (const text of sent) expect(await nextMessage(slow.client)).toBe(text)
    expect(await nextMessage(fast.client)).toMatch(/^to the other: 0 #+$/)
  })

  it('sends more in one turn than fits into the slab', async () => {
    const { server, accepted } = await startServer()
    const clients = []
    for (let index = 0; index < 5; index++) clients.push(await openWebSocket(server))
    const messages = Array.from({ length: 700 }, (_unused, index) => `${index} ${'m'.repeat(index)}`)
    for (const message of messages) {
      const prepared = prepareMessage(message)
      for (const webSocket of accepted) void webSocket.sendAsync(Number.parseInt(message, 10) % 3 === 0 ? message : prepared)
    }

    for (const { client } of clients) {
      for (const message of messages) expect(await nextMessage(client)).toBe(message)
    }
  })

  it('receives messages that arrive with the handshake, then later ones', async () => {
    const { server, accepted } = await startServer()
    const client = await RawHttp1Client.connect(server)
    client.write(handshakeHead(), rawFrame(1, 'early'), rawFrame(1, 'also early'))
    await until(() => accepted.length === 1)
    client.write(rawFrame(1, 'late'))

    const [messages] = accepted.map((webSocket) => webSocket[Symbol.asyncIterator]())
    for (const text of ['early', 'also early', 'late']) expect((await messages?.next())?.value).toBe(text)
  })
})
