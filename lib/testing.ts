import type { IncomingHttpHeaders, OutgoingHttpHeaders, RequestListener } from 'node:http'
import { argumentError } from './options/argument-error.ts'
import { OptionReader } from './options/option-reader.ts'
import { FrameRecorder } from './testing/frame-recorder.ts'
import type { RecordedFrame } from './testing/frame-recorder.ts'
import type { HandshakeAnswer } from './testing/handshake-answer.ts'
import { requestOverHttp1 } from './testing/request-over-http1.ts'
import { requestOverHttp2 } from './testing/request-over-http2.ts'
import { ManagedWebSocket } from './web-socket/managed-web-socket.ts'

export type { RecordedFrame } from './testing/frame-recorder.ts'

/** Options of {@link requestWebSocket}. */
export interface WebSocketTestOptions {
  /** Header fields of the handshake, e.g. `Origin` or `Cookie`. */
  readonly headers?: OutgoingHttpHeaders
  /** The protocol of the request, in cleartext. Defaults to `'http/1.1'`. */
  readonly protocol?: 'h2' | 'http/1.1'
  /** The sub-protocols to offer. Defaults to none. */
  readonly subProtocols?: readonly string[]
}

/**
 * Requests a WebSocket from an application in a test. It starts a server for the application, and resolves with the answer, whether the application
 * accepts or refuses. Release the answer with `await using` or `closeAsync()`.
 *
 * @param app - an Express or Connect application, or a request listener, with `useWebSockets()` in it.
 * @param path - the path of the request, e.g. `'/ws?room=1'`.
 * @param options - the protocol, header fields and sub-protocols of the request.
 * @example
 * ```ts
 * import { requestWebSocket } from 'express-use-websockets/testing'
 *
 * await using answer = await requestWebSocket(app, '/ws', { protocol: 'h2', headers: { Cookie: 'session=1' } })
 * expect(answer.status).toBe(200)
 * await answer.webSocket.sendAsync('hello')
 * expect(await answer.nextMessage()).toBe('hello')
 * ```
 * @throws `WebSocketException` rejects with `ERR_WEBSOCKET_INVALID_ARGUMENT` or `ERR_WEBSOCKET_INVALID_OPTION`.
 */
export async function requestWebSocket(
  app: RequestListener,
  path: string,
  options: WebSocketTestOptions = {},
): Promise<WebSocketTestAnswer> {
  if (typeof app !== 'function') throw argumentError(OWNER, 'app', 'must be a request listener, such as an Express application', app)
  if (typeof path !== 'string' || !path.startsWith('/')) throw argumentError(OWNER, 'path', "must begin with '/'", path)
  const reader = new OptionReader({ name: OWNER, code: 'ERR_WEBSOCKET_INVALID_OPTION' }, options, ['headers', 'protocol', 'subProtocols'])
  // Own properties only, as the reader does.
  const { headers = {}, protocol = 'http/1.1', subProtocols = [] } = { ...options }
  if (protocol !== 'h2' && protocol !== 'http/1.1') throw reader.error('protocol', "must be 'h2' or 'http/1.1'")
  if (!Array.isArray(subProtocols)) throw reader.error('subProtocols', 'must be an array of sub-protocols')
  const offered = subProtocols.length === 0 ? headers : { ...headers, 'Sec-WebSocket-Protocol': subProtocols.join(', ') }
  return new WebSocketTestAnswer(await (protocol === 'h2' ? requestOverHttp2 : requestOverHttp1)(app, path, offered))
}

const OWNER = 'requestWebSocket'

/** The answer of an application to {@link requestWebSocket}. */
export class WebSocketTestAnswer implements AsyncDisposable {
  readonly #answer: HandshakeAnswer
  readonly #recorder = new FrameRecorder()
  readonly #webSocket: ManagedWebSocket | undefined

  /** @internal */
  constructor(answer: HandshakeAnswer) {
    this.#answer = answer
    if (answer.stream === undefined) return
    const subProtocol = answer.headers['sec-websocket-protocol'] ?? null
    this.#webSocket = ManagedWebSocket.createFromStream(answer.stream, { subProtocol })
    answer.stream.on('data', (chunk: Buffer) => this.#recorder.push(chunk))
  }

  /** The status of the answer. If the WebSocket was accepted, it is 101, or 200 over HTTP/2. */
  get status(): number {
    return this.#answer.status
  }

  /** The header fields of the answer, by their names in lower case. */
  get headers(): IncomingHttpHeaders {
    return this.#answer.headers
  }

  /** The body of a refusal. */
  get body(): string {
    return this.#answer.body
  }

  /** The WebSocket of the client. If the application refused, the getter throws an error that shows the answer. */
  get webSocket(): ManagedWebSocket {
    if (this.#webSocket !== undefined) return this.#webSocket
    throw new Error(`The WebSocket was not accepted: the application answered ${this.status} ${JSON.stringify(this.body)}`)
  }

  /** Every frame that the server has sent so far, control frames included. */
  get frames(): readonly RecordedFrame[] {
    return this.#recorder.frames
  }

  /** The next message; `undefined` once the server has sent its Close frame: see `webSocket.closeStatus`. Rejects if the connection ended without one. */
  async nextMessage(): Promise<string | Buffer | undefined> {
    const { webSocket } = this
    const messages = webSocket[Symbol.asyncIterator]()
    const result = await messages.next()
    // Between two calls there is no receive, so the server's Close frame is answered automatically after a short time.
    await messages.return?.()
    if (result.done === true && webSocket.closeStatus === null) {
      throw (await webSocket.completion).error ?? new Error('The connection ended without a Close frame')
    }
    return result.value
  }

  /** Aborts the connection if it is still open, and stops the server. */
  async closeAsync(): Promise<void> {
    this.#webSocket?.abort()
    await this.#answer.close()
  }

  /** Calls `closeAsync()`, for `await using`. */
  async [Symbol.asyncDispose](): Promise<void> {
    await this.closeAsync()
  }
}
