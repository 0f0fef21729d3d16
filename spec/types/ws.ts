/** Checks the types of `express-use-websockets/ws`. Only the compiler uses this file. */
import type { Request, RequestHandler } from 'express'
import type { WebSocket, WebSocketServer } from 'ws'
import { acceptWsWebSocketAsync, webSocketServerHandler } from 'express-use-websockets/ws'
import { expectType } from './expect-type.ts'
import type { Same } from './expect-type.ts'

export async function promises(req: Request, server: WebSocketServer): Promise<void> {
  const ws = await acceptWsWebSocketAsync(req, { subProtocol: 'chat', maxMessageSize: 1024 })
  expectType<Same<typeof ws, WebSocket>>()
  await acceptWsWebSocketAsync(req, 'chat')
  // @ts-expect-error: a context is an object.
  await acceptWsWebSocketAsync(req, 7)

  const handler: RequestHandler = webSocketServerHandler(server)
  void handler
  void webSocketServerHandler<Request>(server, ({ ip }) => ({ closeTimeout: ip === undefined ? 0 : 1000 }))
  // @ts-expect-error: a server of `ws` is needed.
  void webSocketServerHandler({})
}
