import { setTimeout as delay } from 'node:timers/promises'
import { deflateRawSync, constants } from 'node:zlib'
import { afterEach, describe, expect, it } from '@jest/globals'
import express from 'express'
import type { Request } from 'express'
import { useWebSockets, WebSocketMessageType } from 'express-use-websockets'
import type { ManagedWebSocket, WebSocketCompletion } from 'express-use-websockets'
import { acceptWsWebSocketAsync } from 'express-use-websockets/ws'
import { Gate } from '../support/gate.ts'
import { closeHttp1Peers } from '../support/http1-peers.ts'
import { closeHttp2Peers } from '../support/http2-peers.ts'
import { closePayload, rawFrame } from '../support/raw-frames.ts'
import type { RawPeer } from '../support/raw-peer.ts'
import { until } from '../support/until.ts'
import { openRawPeer, transports } from '../ws/raw-peers.ts'

afterEach(async () => {
  closeHttp1Peers()
  await closeHttp2Peers()
})

const COUNT = 100

describe.each(transports.flatMap((transport) => [[transport, undefined] as const, [transport, 'permessage-deflate'] as const]))(
  'closeAsync of the middleware over %s, with extensions %s',
  (transport, extensions) => {
    it("leaves all messages in front of the client's answer to a slow loop", async () => {
      let handled = 0
      const { drain, completions } = await start(async (webSocket) => {
        for await (const message of webSocket) {
          await delay(5)
          expect(message).toBe(`message ${handled++}`)
        }
      })
      expect(await drain()).toEqual({ closed: 1, aborted: 0, unreceived: 0 })
      expect(handled).toBe(COUNT)
      expect(completions).toMatchObject([{ closeStatus: 1001, wasClean: true }])
    })

    it('leaves all messages and the Close frame to receiveAsync()', async () => {
      const received: WebSocketMessageType[] = []
      const { drain } = await start(async (webSocket) => {
        while (webSocket.closeStatus === null) {
          received.push((await webSocket.receiveAsync(Buffer.alloc(100))).messageType)
          await delay(5)
        }
      })
      expect(await drain()).toEqual({ closed: 1, aborted: 0, unreceived: 0 })
      expect(received).toEqual([...Array.from({ length: COUNT }, () => WebSocketMessageType.Text), WebSocketMessageType.Close])
    })

    it('waits for a handler that has not received before', async () => {
      let handled = 0
      const { drain, open } = await start(async (webSocket, opened) => {
        await opened
        for await (const _message of webSocket) handled++
      })
      setTimeout(open, 300)
      expect(await drain()).toEqual({ closed: 1, aborted: 0, unreceived: 0 })
      expect(handled).toBe(COUNT)
    })

    it('does not wait longer for a handler that never receives, and reports the unreceived messages', async () => {
      const { drain, completions } = await start(async (webSocket) => webSocket.completion)
      expect(await drain()).toEqual({ closed: 1, aborted: 0, unreceived: COUNT })
      expect(completions).toMatchObject([{ wasClean: true }])
    })

    it('reports what a handler has not received when the time is up, and still closes cleanly if the client has answered', async () => {
      const { drain, completions } = await start(async (webSocket) => {
        for await (const _message of webSocket) await webSocket.completion
      })
      expect(await drain({ timeout: 200 })).toEqual({ closed: 1, aborted: 0, unreceived: COUNT - 1 })
      expect(completions).toMatchObject([{ closeStatus: 1001, wasClean: true }])
    })

    it('also reports it for a client that does not answer and is aborted', async () => {
      const { drain } = await start(async (webSocket) => {
        for await (const _message of webSocket) await webSocket.completion
      }, false)
      expect(await drain({ timeout: 200 })).toEqual({ closed: 0, aborted: 1, unreceived: COUNT - 1 })
    })

    it('does not wait for a handler that has received every message but not the Close frame', async () => {
      let handled = 0
      const { drain } = await start(async (webSocket) => {
        for await (const _message of webSocket) if (++handled === COUNT) break
        await webSocket.completion
      })
      expect(await drain()).toEqual({ closed: 1, aborted: 0, unreceived: 0 })
    })

    it('leaves all messages to the listeners of a socket of ws', async () => {
      let handled = 0
      const webSockets = useWebSockets()
      const peer = await openPeer(webSockets, async (req) => {
        const ws = await acceptWsWebSocketAsync(req, { dangerousEnableCompression: true })
        ws.on('message', () => handled++)
      })
      const answered = sendAll(peer, true)
      expect(await webSockets.closeAsync()).toEqual({ closed: 1, aborted: 0, unreceived: 0 })
      await answered
      expect(handled).toBe(COUNT)
    })

    /** A handler that processes the messages of a client, and the middleware that closes it. */
    async function start(handler: (webSocket: ManagedWebSocket, opened: Promise<void>) => Promise<unknown>, answers = true) {
      const gate = new Gate()
      const webSockets = useWebSockets()
      const completions: WebSocketCompletion[] = []
      const peer = await openPeer(webSockets, async (req) => {
        const webSocket = await req.webSockets.acceptWebSocketAsync({ dangerousEnableCompression: true })
        void webSocket.completion.then((completion) => completions.push(completion))
        await handler(webSocket, gate.opened)
      })
      const drain = async (options?: Parameters<typeof webSockets.closeAsync>[0]) => {
        void sendAll(peer, answers)
        await delay(100)
        return webSockets.closeAsync(options)
      }
      return { drain, completions, open: () => gate.open() }
    }

    function openPeer(webSockets: ReturnType<typeof useWebSockets>, handler: (request: Request) => Promise<void>): Promise<RawPeer> {
      const app = express()
      app.set('env', 'test')
      app.use(webSockets)
      app.all('/ws', async (req) => handler(req))
      return openRawPeer(transport, app, extensions)
    }

    /** Sends the messages, and then answers the Close frame. */
    async function sendAll(peer: RawPeer, answers: boolean): Promise<void> {
      peer.duplex.resume()
      const frames = Array.from({ length: COUNT }, (_, index) => `message ${index}`).map((text) =>
        extensions === undefined ? rawFrame(1, text) : rawFrame(1, deflate(text), { reserved: 4 }),
      )
      await peer.send(...frames)
      await until(() => peer.frames.length > 0)
      if (!answers) return
      await peer.sendFrame(8, closePayload(1001))
      peer.end()
    }
  },
)

function deflate(text: string): Buffer {
  return deflateRawSync(text, { finishFlush: constants.Z_SYNC_FLUSH }).subarray(0, -4)
}
