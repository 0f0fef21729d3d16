import { once } from 'node:events'
import type { ClientHttp2Session, ClientHttp2Stream, IncomingHttpHeaders, IncomingHttpStatusHeader, OutgoingHttpHeaders } from 'node:http2'
import { ManagedWebSocket } from 'express-use-websockets'
import { openStream } from './http2-peers.ts'

/** The header fields of a WebSocket request of a browser over HTTP/2. */
export function connectFields(path: string, fields: OutgoingHttpHeaders = {}): OutgoingHttpHeaders {
  return {
    ':method': 'CONNECT',
    ':protocol': 'websocket',
    ':scheme': 'http',
    ':authority': 'localhost',
    ':path': path,
    'sec-websocket-version': '13',
    ...fields,
  }
}

/** A WebSocket over HTTP/2 that the server has accepted. */
export interface Http2WebSocket {
  readonly webSocket: ManagedWebSocket
  readonly stream: ClientHttp2Stream
  readonly headers: IncomingHttpHeaders & IncomingHttpStatusHeader
}

/** Opens a WebSocket. If it is refused, rejects with the status. */
export async function openHttp2WebSocket(
  session: ClientHttp2Session,
  path: string,
  fields: OutgoingHttpHeaders = {},
): Promise<Http2WebSocket> {
  const stream = openStream(session, connectFields(path, fields))
  const [headers] = (await once(stream, 'response')) as [Http2WebSocket['headers']]
  if (headers[':status'] !== 200) throw new Error(`The server answered ${headers[':status']}`)
  return { webSocket: ManagedWebSocket.createFromStream(stream), stream, headers }
}
