/** Checks the types of `express-use-websockets/client`. Only the compiler uses this file. */
import { connectWebSocket } from 'express-use-websockets/client'
import type {
  EndedConnection,
  PlainWebSocket,
  PlainWebSocketEvent,
  ReconnectingWebSocket,
  ReconnectingWebSocketEvents,
  ReconnectingWebSocketOptions,
  ReconnectingWebSocketState,
  SendableData,
  WebSocketAddress,
  WebSocketClass,
  WebSocketCloseEvent,
  WebSocketMessageEvent,
} from 'express-use-websockets/client'
import { WebSocket as UndiciWebSocket } from 'undici'
import { WebSocket as WsWebSocket } from 'ws'
import { expectType } from './expect-type.ts'
import type { Same } from './expect-type.ts'

export async function promises(address: WebSocketAddress, data: SendableData): Promise<void> {
  const options: ReconnectingWebSocketOptions = { WebSocket: UndiciWebSocket, subProtocols: ['chat'], shouldReconnect: () => true }
  const webSocket = connectWebSocket(address, options)
  expectType<Same<typeof webSocket, ReconnectingWebSocket>>()
  connectWebSocket(() => address, { WebSocket: WsWebSocket })
  connectWebSocket(async () => new URL('ws://127.0.0.1'), { subProtocols: async () => ['a'] })
  expectType<Same<typeof webSocket.state, ReconnectingWebSocketState>>()
  expectType<Same<typeof webSocket.completion, Promise<WebSocketCloseEvent>>>()
  expectType<Same<typeof webSocket.socket, PlainWebSocket | undefined>>()
  webSocket.socket?.addEventListener('message', (event) => expectType<Same<typeof event, PlainWebSocketEvent>>())
  expectType<Same<ReturnType<typeof webSocket.send>, boolean>>()
  webSocket.subscribe(data)()
  webSocket.addEventListener('message', (event) => expectType<Same<typeof event, WebSocketMessageEvent>>())
  webSocket.addEventListener('close', (event) => {
    expectType<Same<typeof event, ReconnectingWebSocketEvents['close']>>()
    expectType<Same<typeof event.retryDelay, number | null>>()
    const ended: EndedConnection = event
    expectType<Same<typeof ended.code, number>>()
  })
  for await (const message of webSocket) expectType<Same<typeof message, string | ArrayBuffer>>()
  const noWebSocket: WebSocketClass = EventTarget
  connectWebSocket(address, { WebSocket: noWebSocket })
  // @ts-expect-error: it cannot be told what to send of an object.
  webSocket.send({})
  // @ts-expect-error: there is no such event.
  webSocket.addEventListener('opened', () => undefined, { once: 1 })
}
