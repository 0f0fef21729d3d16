import { WebSocketException } from '../../errors/web-socket-exception.ts'
import { show } from '../../options/option-reader.ts'

/** The method that a WebSocket request over HTTP/2 has for the application. */
export type WebSocketMethod = 'CONNECT' | 'GET'

/** Checks the option `webSocketMethod`. */
export function readWebSocketMethod(value: unknown, owner: string): WebSocketMethod {
  if (value === undefined) return 'CONNECT'
  if (value === 'CONNECT' || value === 'GET') return value
  const message = `${owner}: the option 'webSocketMethod' must be 'CONNECT' or 'GET'. Received ${show(value)}`
  throw new WebSocketException('ERR_WEBSOCKET_INVALID_OPTION', message, { argument: 'webSocketMethod' })
}
