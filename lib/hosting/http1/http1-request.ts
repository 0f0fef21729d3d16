import { once } from 'node:events'
import type { IncomingMessage, ServerResponse } from 'node:http'
import { computeAcceptKey } from '../../handshake/compute-accept-key.ts'
import { recogniseUpgrade } from '../../handshake/recognise-upgrade.ts'
import { signalAbortError } from '../../errors/abort-error.ts'
import { SETTLED } from '../../errors/settled.ts'
import { WebSocketException } from '../../errors/web-socket-exception.ts'
import { uncork } from '../../web-socket/transport/uncork.ts'
import type { WebSocketTransport } from '../../web-socket/transport/web-socket-transport.ts'
import { fieldsCutOff } from './fields-cut-off.ts'
import { explainLoss, protectServerOf, takeArrival } from './http1-arrival.ts'
import type { Http1Arrival } from './http1-arrival.ts'
import { Http1EarlyBytes } from './http1-early-bytes.ts'
import { endConnectionAfter, keepConnectionAfter } from './http1-last-response.ts'
import { detachFromHttpServer } from './node-http-internals.ts'
import { divertFromParser } from './node-http-parser-internals.ts'
import { completeExchange, releaseHead, releaseServerState } from './node-response-internals.ts'
import { SocketTransport } from './socket-transport.ts'
import { isUpgraded } from './upgraded-request.ts'
import { AcceptingHead } from '../accepting-head.ts'
import { runEndHooks } from '../run-end-hooks.ts'
import { ResponseGate } from '../response-gate.ts'
import type { WebSocketRequest } from '../web-socket-request.ts'

/** A request over HTTP/1 as a possible WebSocket. Accepting it sends a 101 and takes the connection from its HTTP server. */
export class Http1WebSocketRequest implements WebSocketRequest {
  refusal: string | undefined
  readonly #request: IncomingMessage
  readonly #response: ServerResponse
  #key: string | undefined
  /** Unused for a request of the `'upgrade'` event, whose data waits in its socket. */
  #earlyBytes: Http1EarlyBytes | undefined
  #isAccepted = false

  constructor(request: IncomingMessage, response: ServerResponse) {
    this.#request = request
    this.#response = response
    protectServerOf(request)
    const cutOff = fieldsCutOff(request)
    // Most requests are not upgrade attempts.
    if (cutOff === undefined && !hasHandshakeField(request)) return
    const { refusal, key, canonicalHeaders } = recogniseUpgrade(request)
    if (cutOff !== undefined) {
      const isAttempt = refusal !== undefined || key !== undefined
      if (isAttempt) this.#refuseCutOff(cutOff)
      return
    }
    this.refusal = refusal
    Object.assign(request.headers, canonicalHeaders)
    const arrival = takeArrival(request)
    if (isUpgraded(request)) this.#key = key
    else if (key !== undefined) this.#keepEarlyBytes(key, arrival)
  }

  get isWebSocketRequest(): boolean {
    return this.#key !== undefined
  }

  get isResponseStarted(): boolean {
    return this.#isAccepted || this.#response.headersSent || this.#response.writableEnded
  }

  async acceptAsync(
    headers: readonly (readonly [name: string, value: string])[],
    signal: AbortSignal | undefined,
  ): Promise<WebSocketTransport> {
    if (signal?.aborted) throw signalAbortError(signal)
    this.#checkClient()
    // With HTTP pipelining, the earlier requests of the connection are answered first.
    if (this.#response.socket === null) await this.#untilItsTurn(signal)
    await this.#untilParsed()
    await this.#prepareHead(headers, signal)
    return this.#takeConnection()
  }

  complete(wasClean: boolean, isConnectionOpen: boolean): void {
    if (wasClean) completeExchange(this.#response, STATUS, isConnectionOpen)
    // Otherwise Node would destroy it with an error. Its stack trace costs more than the rest of the cleanup.
    else this.#request.destroy()
  }

  /** Keeps the data after a handshake, or refuses the handshake if this data may be incomplete. */
  #keepEarlyBytes(key: string, arrival: Http1Arrival | undefined): void {
    const loss = explainLoss(arrival)
    if (arrival !== undefined && loss === undefined) {
      this.#key = key
      this.#earlyBytes = new Http1EarlyBytes(this.#request.socket, this.#response, arrival)
    } else {
      this.refusal = loss
      endConnectionAfter(this.#response)
      divertFromParser(this.#request.socket, drop)
    }
  }

  /** If the `Upgrade` field was cut off, the arrival was not recorded. */
  #refuseCutOff(reason: string): void {
    this.refusal = reason
    if (isUpgraded(this.#request) || takeArrival(this.#request) !== undefined) return
    endConnectionAfter(this.#response)
    divertFromParser(this.#request.socket, drop)
  }

  #checkClient(): void {
    const { socket } = this.#request
    if (socket.destroyed || socket.readableEnded || !socket.writable) {
      throw new WebSocketException('ERR_WEBSOCKET_CLIENT_GONE', 'The client closed the connection before the WebSocket was accepted')
    }
  }

  async #untilItsTurn(signal: AbortSignal | undefined): Promise<void> {
    const settled = new AbortController()
    const options = { signal: settled.signal }
    const turn = once(this.#response, 'socket', options)
    const end = once(this.#request.socket, 'close', options)
    const cancellation = signal === undefined ? [] : [once(signal, 'abort', options)]
    // An error of the connection also closes it, and the checks below report that.
    await Promise.race([turn, end, ...cancellation]).catch(ignoreError)
    settled.abort()
    if (signal?.aborted) throw signalAbortError(signal)
    this.#checkClient()
  }

  /**
   * Waits until the parser has returned. It reports what followed the handshake only then, but an application may accept earlier. An error page that
   * waits for the end of the request, as Express's does, also answers before this resolves, so it cannot answer a response that is half accepted.
   */
  async #untilParsed(): Promise<void> {
    await SETTLED
    this.#checkClient()
    if (this.isResponseStarted) {
      throw new WebSocketException('ERR_WEBSOCKET_RESPONSE_STARTED', 'The response started before the WebSocket was accepted')
    }
    if (this.#earlyBytes?.isComplete === false) {
      const message = 'Not a WebSocket request: the HTTP parser of Node.js did not report where it ends'
      throw new WebSocketException('ERR_WEBSOCKET_NOT_A_WEBSOCKET_REQUEST', message)
    }
  }

  /** Runs all hooks of the response (cookies, sessions, security headers, access logs) for the 101. Sends nothing yet. */
  async #prepareHead(headers: readonly (readonly [name: string, value: string])[], signal: AbortSignal | undefined): Promise<void> {
    const response = this.#response
    const head = new AcceptingHead(response, STATUS, [
      ...HANDSHAKE_FIELDS,
      ['Sec-WebSocket-Accept', computeAcceptKey(this.#key ?? '')],
      ...headers,
    ])
    try {
      const gate = ResponseGate.of(response)
      if (gate.isHooked) await runEndHooks({ gate, head, restore: () => head.restore(), connection: this.#request.socket, signal })
      this.#checkClient()
      if (!response.headersSent) response.writeHead(STATUS)
      this.#checkClient()
    } catch (error) {
      head.restore()
      throw error
    }
  }

  #takeConnection(): WebSocketTransport {
    const { socket } = this.#request
    this.#isAccepted = true
    keepConnectionAfter(this.#response)
    // The socket has no error listener until the WebSocket exists, a few microtasks later. A socket emits errors in a tick, which comes after them.
    detachFromHttpServer(socket)
    releaseServerState(this.#response)
    const transport = new SocketTransport(socket, this.#earlyBytes?.take() ?? [])
    this.#earlyBytes = undefined
    // Messages that the application sends immediately leave in one write with the 101.
    socket.cork()
    setImmediate(uncork, socket)
    this.#response.flushHeaders()
    releaseHead(this.#response)
    return transport
  }
}

function hasHandshakeField({ headers }: IncomingMessage): boolean {
  return headers.upgrade !== undefined || headers['sec-websocket-key'] !== undefined || headers['sec-websocket-version'] !== undefined
}

const HANDSHAKE_FIELDS = [
  ['Connection', 'Upgrade'],
  ['Upgrade', 'websocket'],
] as const

const STATUS = 101

function ignoreError(): void {}

/** Ignores the data after the last request of a connection. */
function drop(): void {}
