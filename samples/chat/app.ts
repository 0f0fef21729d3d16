import { join } from 'node:path'
import express from 'express'
import type { Express, Request } from 'express'
import { useWebSockets, webSocketHandler } from 'express-use-websockets'
import { WebSocketGroup, WebSocketGroups } from 'express-use-websockets/groups'
import type { Backplane } from 'express-use-websockets/groups'
import { serveClient } from '../serve-client.ts'

/** What the engine between the processes tells. */
export interface EngineListener {
  onDown(): void
  onUp(): void
}

/** A page at `/`, and rooms at `/rooms/NAME?user=WHO`: what one says in a room, all in it receive, in whichever process they are. */
export function createChatApp(createBackplane?: (listener: EngineListener) => Backplane): Express {
  const everybody = new WebSocketGroup()
  let engine = 'here'
  const tell = (news: string): void => {
    engine = news
    void everybody.send(JSON.stringify({ engine }))
  }
  const backplane = createBackplane?.({ onDown: () => tell('gone'), onUp: () => tell('here') })
  const rooms = new WebSocketGroups({ backplane, onError: console.error })

  const app = express()
  app.use(useWebSockets({ allowedOrigins: 'same-origin', keepAliveInterval: 15_000, keepAliveTimeout: 10_000, maxMessageSize: 4096 }))
  app.get('/connect-web-socket.js', serveClient)
  app.use(express.static(join(__dirname, 'public')), express.static(join(__dirname, '../public')))
  app.all(
    '/rooms/:room',
    webSocketHandler<Request<{ room: string }>>(async (webSocket, { params: { room }, query }) => {
      const user = typeof query['user'] === 'string' ? query['user'] : 'somebody'
      // Nobody awaits it: onError hears when the engine has not got it.
      const say = (text: string): void => void rooms.send(room, JSON.stringify({ user, text }))
      everybody.add(webSocket)
      rooms.add(room, webSocket)
      if (engine === 'gone') void webSocket.sendAsync(JSON.stringify({ engine }))
      void rooms.whenListening(room).then((isListening) => isListening && say('joined'))
      for await (const text of webSocket) {
        if (String(text).trim() === '') void webSocket.sendAsync(JSON.stringify({ refused: 'it is empty' }))
        else say(String(text))
      }
      say('left')
    }),
  )
  return app
}
