import { connectWebSocket } from 'express-use-websockets/client'
import type { ReconnectingWebSocket, ReconnectingWebSocketOptions } from 'express-use-websockets/client'

const options: ReconnectingWebSocketOptions = { pingInterval: 20_000, signal: new AbortController().signal, WebSocket }
const webSocket: ReconnectingWebSocket = connectWebSocket('/ws', options)
webSocket.subscribe('news')
webSocket.addEventListener('close', ({ code, retryDelay }) => console.log(code, retryDelay))
for await (const message of webSocket) document.body.append(typeof message === 'string' ? message : String(message.byteLength))
