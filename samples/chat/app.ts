import { join } from 'node:path'
import express from 'express'
import type { Express, Request } from 'express'
import { useWebSockets, webSocketHandler } from 'express-use-websockets'
import { WebSocketGroup, WebSocketGroups } from 'express-use-websockets/groups'
import type { Backplane } from 'express-use-websockets/groups'
import { serveClient } from '../serve-client.ts'

/** Is notified of the state of the engine between the processes. */
export interface EngineListener {
  onDown(): void
  onUp(): void
}

/** Creates an app with a page at `/` and rooms at `/rooms/NAME?user=NAME`. All members of a room receive its messages, in every process. */
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
      // Not awaited: `onError` is called if the engine does not accept the message.
      const say = (text: string): void => void rooms.send(room, JSON.stringify({ user, text }))
      everybody.add(webSocket)
      rooms.add(room, webSocket)
      if (engine === 'gone') void webSocket.sendAsync(JSON.stringify({ engine }))
      void rooms.whenListening(room).then((isListening) => isListening && say('joined'))
      for await (const text of webSocket) {
        if (String(text).trim() === '') void webSocket.sendAsync(JSON.stringify({ refused: 'the message is empty' }))
        else say(String(text))
      }
      say('left')
    }),
  )
  return app
}
