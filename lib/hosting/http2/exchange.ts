import type { IncomingMessage } from 'node:http'
import type { ServerHttp2Stream } from 'node:http2'
import type { RequestHead } from './request-head.ts'
import type { StreamSocket } from './stream/stream-socket.ts'

/** One request over HTTP/2 and everything that its parts share. */
export interface Exchange {
  readonly stream: ServerHttp2Stream
  readonly socket: StreamSocket
  readonly head: RequestHead
  /** Whether the request is a CONNECT. The data of the peer is then no body, and a 2xx answer would open the tunnel. */
  readonly isTunnel: boolean
  /** Whether a WebSocket is being accepted. Hooks of the response run, and nothing is sent yet. */
  isAccepting: boolean
  /** Whether the tunnel was opened. From then on, the stream no longer belongs to HTTP. */
  isAccepted: boolean
}

/** The exchange of a request; `undefined` if this package did not receive the request over HTTP/2. */
export function exchangeOf(request: IncomingMessage): Exchange | undefined {
  return exchanges.get(request)
}

/** Makes the exchange known to {@link exchangeOf}. */
export function rememberExchange(request: IncomingMessage, exchange: Exchange): void {
  exchanges.set(request, exchange)
}

const exchanges = new WeakMap<IncomingMessage, Exchange>()
