import { afterEach, describe, expect, it } from '@jest/globals'
import { once } from 'node:events'
import express from 'express'
import type { Express } from 'express'
import { useWebSockets, webSocketHandler } from 'express-use-websockets'
import type { ManagedWebSocket } from 'express-use-websockets'
import { webSocketServerHandler } from 'express-use-websockets/ws'
import { createDecoder, readVarUint } from 'lib0/decoding'
import { createEncoder, length, toUint8Array, writeVarUint } from 'lib0/encoding'
import type { Encoder } from 'lib0/encoding'
import { WebSocket, WebSocketServer } from 'ws'
import { readSyncMessage, writeSyncStep1, writeUpdate } from 'y-protocols/sync'
import { WebsocketProvider } from 'y-websocket'
import { Doc } from 'yjs'
import { docs, setupWSConnection } from '@y/websocket-server/utils'
import { closeHttp1Peers } from '../support/http1-peers.ts'
import { startHttp1Server } from '../support/http1-server.ts'
import { until } from '../support/until.ts'

const providers: WebsocketProvider[] = []

afterEach(() => {
  for (const provider of providers.splice(0)) {
    provider.destroy()
    provider.awareness.destroy()
  }
  // Their awareness keeps a timer.
  for (const doc of docs.values()) doc.destroy()
  closeHttp1Peers()
})

/** A document that y-websocket's own client synchronises. */
function openDocument(port: number, room: string): { doc: Doc; provider: WebsocketProvider } {
  const doc = new Doc()
  const provider = new WebsocketProvider(`ws://127.0.0.1:${port}/yjs`, room, doc, {
    WebSocketPolyfill: WebSocket as unknown as typeof globalThis.WebSocket,
    disableBc: true,
  })
  providers.push(provider)
  return { doc, provider }
}

interface Room {
  readonly doc: Doc
  readonly webSockets: Set<ManagedWebSocket>
}

/** The sync protocol of y-protocols with a ManagedWebSocket, as in docs/recipes.md. */
function createOwnApp(): Express {
  const rooms = new Map<string, Room>()
  const app = express()
  app.use(useWebSockets())
  app.all(
    '/yjs/:room',
    webSocketHandler(async (webSocket, request: express.Request<{ room: string }>) => {
      const name = request.params.room
      const room: Room = rooms.get(name) ?? { doc: new Doc(), webSockets: new Set() }
      rooms.set(name, room)
      const send = (write: (encoder: Encoder) => void): void => {
        const encoder = createEncoder()
        writeVarUint(encoder, SYNC)
        write(encoder)
        if (length(encoder) > 1) void webSocket.sendAsync(toUint8Array(encoder))
      }
      const onUpdate = (update: Uint8Array, origin: unknown): void => {
        if (origin !== webSocket) send((encoder) => writeUpdate(encoder, update))
      }
      room.webSockets.add(webSocket)
      room.doc.on('update', onUpdate)
      try {
        send((encoder) => writeSyncStep1(encoder, room.doc))
        for await (const message of webSocket) {
          const decoder = createDecoder(message as Buffer)
          if (readVarUint(decoder) === SYNC) send((encoder) => readSyncMessage(decoder, encoder, room.doc, webSocket))
          // Awareness goes to all clients, including the sender, which takes it for a sign of life.
          else for (const each of room.webSockets) void each.sendAsync(message)
        }
      } finally {
        room.doc.off('update', onUpdate)
        room.webSockets.delete(webSocket)
      }
    }),
  )
  return app
}

const SYNC = 0

/** The utility of y-websocket's server, which requires a WebSocket of ws. */
function createUtilityApp(): Express {
  const webSocketServer = new WebSocketServer({ noServer: true })
  webSocketServer.on('connection', (ws, request) => setupWSConnection(ws, request))
  const app = express()
  app.use(useWebSockets())
  app.all('/yjs/:room', webSocketServerHandler(webSocketServer))
  return app
}

describe.each([
  ['y-protocols and a ManagedWebSocket', createOwnApp],
  ["y-websocket's server utility and a WebSocket of ws", createUtilityApp],
])('a Yjs server of %s', (name, createApp) => {
  it('synchronises documents that were edited offline and concurrently, with the client of y-websocket', async () => {
    const { port } = await startHttp1Server(createApp())
    const { doc: first, provider } = openDocument(port, `room of ${name}`)
    first.getText('text').insert(0, 'before anybody came, ')
    if (!provider.synced) await once(provider as never, 'sync')
    const { doc: second, provider: other } = openDocument(port, `room of ${name}`)
    second.getText('text').insert(0, 'apart, ')
    await until(() => textOf(second).length === 28 && textOf(first).length === 28)
    expect(textOf(second)).toBe(textOf(first))

    for (let index = 0; index < 50; index++) {
      first.getText('text').insert(0, 'a')
      second.getText('text').insert(second.getText('text').length, 'b')
    }
    await until(() => textOf(second).length === 128 && textOf(first).length === 128)
    expect(textOf(second)).toBe(textOf(first))
    expect(textOf(first)).toMatch(/^a{50}.*b{50}$/)

    provider.awareness.setLocalStateField('user', 'Ada')
    await until(() => [...other.awareness.getStates().values()].some((state) => state['user'] === 'Ada'))

    const { doc: elsewhere, provider: apart } = openDocument(port, `another room of ${name}`)
    if (!apart.synced) await once(apart as never, 'sync')
    expect(textOf(elsewhere)).toBe('')
  })
})

function textOf(doc: Doc): string {
  return doc.getText('text').toJSON()
}
