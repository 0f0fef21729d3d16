import { WebSocket as UndiciWebSocket } from 'undici'
import { WebSocket as WsWebSocket } from 'ws'
import type { WebSocketClass } from 'express-use-websockets/client'

const { WebSocket: globalWebSocket } = globalThis as { readonly WebSocket?: WebSocketClass }

if (globalWebSocket === undefined)
  process.stderr.write(`not run: the client on the global WebSocket: Node.js ${process.versions.node} has none\n`)

/** The available WebSocket classes of this process, for `describe.each`. */
export const webSocketClasses: readonly (readonly [name: string, WebSocket: WebSocketClass])[] = [
  ['undici', UndiciWebSocket],
  ['ws', WsWebSocket],
  ...(globalWebSocket === undefined ? [] : [['Node.js', globalWebSocket] as const]),
]
