import type { IncomingMessage, ServerResponse } from 'node:http'
import { checkKey } from '../../handshake/check-key.ts'
import { WEB_SOCKET_VERSION } from '../../handshake/check-version.ts'
import { computeAcceptKey } from '../../handshake/compute-accept-key.ts'
import { headerLines } from '../../handshake/header-lines.ts'
import { splitHeaderList } from '../../handshake/header-list.ts'
import { recogniseExtendedConnect } from '../../handshake/recognise-extended-connect.ts'
import { signalAbortError } from '../../errors/abort-error.ts'
import { SETTLED } from '../../errors/settled.ts'
import { WebSocketException } from '../../errors/web-socket-exception.ts'
import type { WebSocketTransport } from '../../web-socket/transport/web-socket-transport.ts'
import { AcceptingHead } from '../accepting-head.ts'
import { runEndHooks } from '../run-end-hooks.ts'
import { ResponseGate } from '../response-gate.ts'
import type { WebSocketRequest } from '../web-socket-request.ts'
import { cancelTunnel, openTunnel } from './create-response.ts'
import { exchangeOf } from './exchange.ts'
import type { Exchange } from './exchange.ts'
import type { ServerResponseInternals } from './node-http-internals.ts'
import { createStreamTransport } from './stream/stream-transport.ts'

/** The request as a possible WebSocket (RFC 8441); `undefined` if it did not come through an HTTP/2 server of this package. */
export function http2WebSocketRequestOf(request: IncomingMessage, response: ServerResponse): WebSocketRequest | undefined {
  const exchange = exchangeOf(request)
  return exchange === undefined ? undefined : new Http2WebSocketRequest(request, response, exchange)
}

class Http2WebSocketRequest implements WebSocketRequest {
  readonly isWebSocketRequest: boolean
  readonly refusal: string | undefined
  readonly #request: IncomingMessage
  readonly #response: ServerResponse
  readonly #exchange: Exchange

  constructor(request: IncomingMessage, response: ServerResponse, exchange: Exchange) {
    this.#request = request
    this.#response = response
    this.#exchange = exchange
    const refusal = exchange.isTunnel ? refusalOf(request, exchange) : undefined
    this.isWebSocketRequest = exchange.isTunnel && refusal === undefined
    this.refusal = refusal
    if (this.isWebSocketRequest && splitHeaderList(versionLines(request)).length === 1) {
      // In its canonical form, as over HTTP/1: `"13"` becomes 13.
      request.headers['sec-websocket-version'] = WEB_SOCKET_VERSION
    }
  }

  get isResponseStarted(): boolean {
    return this.#exchange.isAccepted || this.#response.headersSent || this.#response.writableEnded
  }

  async acceptAsync(
    headers: readonly (readonly [name: string, value: string])[],
    signal: AbortSignal | undefined,
  ): Promise<WebSocketTransport> {
    const { stream } = this.#exchange
    if (signal?.aborted) throw signalAbortError(signal)
    // An error page that waits for the end of the request answers within this turn, so it cannot answer a response that is half accepted.
    await SETTLED
    this.#checkClient()
    if (this.isResponseStarted) {
      throw new WebSocketException('ERR_WEBSOCKET_RESPONSE_STARTED', 'The response started before the WebSocket was accepted')
    }
    await this.#prepareHead(headers, signal)
    // A timeout of the request does not apply to the WebSocket.
    stream.setTimeout(0)
    return createStreamTransport(stream)
  }

  complete(wasClean: boolean): void {
    // Otherwise the request and the response close with the stream, as aborted.
    if (!wasClean) return
    // An error handler may have set another status, which was not sent.
    this.#response.statusCode = STATUS
    this.#response.statusMessage = 'OK'
    ResponseGate.of(this.#response).end()
  }

  #checkClient(): void {
    const { stream } = this.#exchange
    if (stream.destroyed || stream.closed) throw clientGone()
  }

  /** Uses the methods of the response, so that its hooks (sessions, cookies, access logs) see the accept. */
  async #prepareHead(headers: readonly (readonly [name: string, value: string])[], signal: AbortSignal | undefined): Promise<void> {
    const exchange = this.#exchange
    const response = this.#response as ServerResponseInternals
    const head = new AcceptingHead(response, STATUS, [...this.#acceptFields(), ...headers])
    exchange.isAccepting = true
    const restore = (): void => {
      cancelTunnel(response, exchange)
      head.restore()
    }
    try {
      const gate = ResponseGate.of(response)
      if (gate.isHooked) await runEndHooks({ gate, head, restore, connection: exchange.stream, signal })
      this.#checkClient()
      if (!response.headersSent) response.writeHead(STATUS)
      // A hook of the application may have destroyed the request.
      this.#checkClient()
      openTunnel(response, exchange)
    } catch (error) {
      if (exchange.isAccepting) restore()
      throw error
    }
  }

  /** RFC 8441 has no key. Some clients (Node 26, undici before 8.11) send one nevertheless, and expect an answer to it. */
  #acceptFields(): [name: string, value: string][] {
    this.#response.removeHeader('Sec-WebSocket-Accept')
    const key = this.#request.headers['sec-websocket-key']
    return key === undefined || checkKey([key]) !== undefined ? [] : [['Sec-WebSocket-Accept', computeAcceptKey(key)]]
  }
}

function refusalOf(request: IncomingMessage, { head, stream }: Exchange): string | undefined {
  const refusal = recogniseExtendedConnect({
    method: head.method,
    protocol: head.protocol,
    versionLines: versionLines(request),
  })
  if (refusal !== undefined) return refusal
  return stream.endAfterHeaders ? 'the request ended the stream (END_STREAM), so the client cannot send frames' : undefined
}

/** Does not use `headersDistinct`, which throws on Node 20.19, 22.12 and 24.0 if the peer sends a field `__proto__`. */
function versionLines({ rawHeaders }: IncomingMessage): readonly string[] {
  return headerLines(rawHeaders, 'sec-websocket-version')
}

function clientGone(): WebSocketException {
  return new WebSocketException(
    'ERR_WEBSOCKET_CLIENT_GONE',
    'The client reset the stream or closed the connection before the WebSocket was accepted',
  )
}

const STATUS = 200
