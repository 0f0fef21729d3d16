import type { OptionReader } from '../../options/option-reader.ts'

/** The method of a WebSocket request over HTTP/2, as the application sees it. */
export type WebSocketMethod = 'CONNECT' | 'GET'

/** Reads the option `webSocketMethod`. */
export function readWebSocketMethod(reader: OptionReader): WebSocketMethod {
  const value = reader.value('webSocketMethod')
  if (value === undefined) return 'CONNECT'
  if (value === 'CONNECT' || value === 'GET') return value
  throw reader.error('webSocketMethod', "must be 'CONNECT' or 'GET'")
}
