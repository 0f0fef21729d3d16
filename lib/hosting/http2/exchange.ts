import type { IncomingMessage } from 'node:http'
import type { ServerHttp2Stream } from 'node:http2'
import type { RequestHead } from './request-head.ts'
import type { StreamSocket } from './stream/stream-socket.ts'

/** One request over HTTP/2 and everything that its parts share. */
export interface Exchange {
  readonly stream: ServerHttp2Stream
  readonly socket: StreamSocket
  readonly head: RequestHead
  /** Whether the request is an extended CONNECT: what the peer sends is then no body, and a 2xx answer would open the tunnel. */
  readonly isTunnel: boolean
  /** Whether a WebSocket is being accepted: what hooks the response has its say, and nothing is sent yet. */
  isAccepting: boolean
  /** Whether the tunnel was opened: from then on the stream is not HTTP's any more. */
  isAccepted: boolean
}

/** The exchange that a request belongs to; `undefined` if the request did not come over HTTP/2 (or not by this package). */
export function exchangeOf(request: IncomingMessage): Exchange | undefined {
  return exchanges.get(request)
}

/** Makes the exchange known to {@link exchangeOf}. */
export function rememberExchange(request: IncomingMessage, exchange: Exchange): void {
  exchanges.set(request, exchange)
}

const exchanges = new WeakMap<IncomingMessage, Exchange>()
