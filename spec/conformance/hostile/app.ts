import express from 'express'
import type { Express } from 'express'
import { useWebSockets, webSocketHandler } from 'express-use-websockets'
import type { ManagedWebSocket, WebSocketMiddleware } from 'express-use-websockets'
import { ALLOWED_ORIGIN, LARGE_MESSAGE_LIMIT, MESSAGE_LIMIT } from './server-settings.ts'
import type { HostileServerSettings } from './server-settings.ts'

/** The application under attack: an echo at `/ws`, and echoes with other settings. That at `/steady` has no keep-alive. */
export function createHostileApp({ closeTimeout, keepAliveInterval, keepAliveTimeout }: HostileServerSettings): {
  readonly app: Express
  readonly webSockets: WebSocketMiddleware
} {
  const app = express()
  // Errors are answered, not printed.
  app.set('env', 'test')
  const webSockets = useWebSockets({ closeTimeout, keepAliveInterval, keepAliveTimeout, maxMessageSize: MESSAGE_LIMIT })
  app.use('/guarded', useWebSockets({ allowedOrigins: [ALLOWED_ORIGIN] }), webSocketHandler(echo))
  app.use(webSockets)
  app.all('/ws', webSocketHandler(echo, { dangerousEnableCompression: true }))
  app.all('/large', webSocketHandler(echo, { maxMessageSize: LARGE_MESSAGE_LIMIT }))
  app.all('/steady', webSocketHandler(echo, { keepAliveInterval: 0 }))
  app.get('/page', (_request, response) => void response.send('a page'))
  return { app, webSockets }
}

async function echo(webSocket: ManagedWebSocket): Promise<void> {
  for await (const message of webSocket) await webSocket.sendAsync(message)
}
