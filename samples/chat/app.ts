import { join } from 'node:path'
import express from 'express'
import type { Express, Request } from 'express'
import { useWebSockets, webSocketHandler } from 'express-use-websockets'
import { WebSocketGroups } from 'express-use-websockets/groups'
import type { Backplane } from 'express-use-websockets/groups'
import { serveClient } from '../serve-client.ts'

/** A page at `/`, and rooms at `/rooms/NAME?user=WHO`: what one says in a room, all in it receive, in whichever process they are. */
export function createChatApp(backplane?: Backplane): Express {
  const rooms = new WebSocketGroups({ backplane, onError: console.error })

  const app = express()
  app.use(useWebSockets({ allowedOrigins: 'same-origin', keepAliveInterval: 15_000, keepAliveTimeout: 10_000, maxMessageSize: 4096 }))
  app.get('/connect-web-socket.js', serveClient)
  app.use(express.static(join(__dirname, 'public')), express.static(join(__dirname, '../public')))
  app.all(
    '/rooms/:room',
    webSocketHandler<Request<{ room: string }>>(async (webSocket, { params: { room }, query }) => {
      const user = typeof query['user'] === 'string' ? query['user'] : 'somebody'
      const say = (text: string): unknown => rooms.send(room, JSON.stringify({ user, text }))
      rooms.add(room, webSocket)
      void rooms.whenListening(room).then((isListening) => isListening && say('joined'))
      for await (const text of webSocket) void say(String(text))
      void say('left')
    }),
  )
  return app
}
