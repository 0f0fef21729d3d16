import { join } from 'node:path'
import express from 'express'
import type { Express, Request } from 'express'
import { prepareMessage, useWebSockets, webSocketHandler } from 'express-use-websockets'
import type { ManagedWebSocket } from 'express-use-websockets'
import type { MessageBus } from './message-bus.ts'

/** A page at `/`, and rooms at `/rooms/NAME?user=WHO`: what one says in a room, all in it receive, in whichever process they are. */
export function createChatApp(bus: MessageBus): Express {
  const rooms = new Map<string, Set<ManagedWebSocket>>()
  bus.onMessage((room, text) => {
    const message = prepareMessage(text)
    for (const webSocket of rooms.get(room) ?? []) void webSocket.sendAsync(message)
  })

  const app = express()
  app.use(useWebSockets({ allowedOrigins: 'same-origin', keepAliveInterval: 15_000, keepAliveTimeout: 10_000, maxMessageSize: 4096 }))
  app.use(express.static(join(__dirname, 'public')))
  app.all(
    '/rooms/:room',
    webSocketHandler<Request<{ room: string }>>(async (webSocket, { params, query }) => {
      const { room } = params
      const members = rooms.get(room) ?? new Set()
      rooms.set(room, members.add(webSocket))
      const user = typeof query['user'] === 'string' ? query['user'] : 'somebody'
      const say = (text: string): unknown => bus.publish(room, JSON.stringify({ user, text }))
      try {
        await say('joined')
        for await (const text of webSocket) await say(String(text))
      } finally {
        members.delete(webSocket)
        if (members.size === 0) rooms.delete(room)
        await say('left')
      }
    }),
  )
  return app
}
