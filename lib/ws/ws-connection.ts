import { Socket } from 'node:net'
import type { Duplex } from 'node:stream'
import type { AcceptedWebSocket } from '../middleware/accepted-web-socket.ts'
import { abortError } from '../errors/abort-error.ts'
import { closedPrematurely } from '../errors/closed-prematurely.ts'
import type { CompletionListener } from '../web-socket/values/completion-listener.ts'
import { KeepAlive, pingNumberOf } from '../web-socket/keep-alive/keep-alive.ts'
import type { KeepAliveListener } from '../web-socket/keep-alive/keep-alive.ts'
import { outflowOf } from '../web-socket/transport/outflow.ts'
import type { Outflow } from '../web-socket/transport/outflow.ts'
import { rateLimitExceeded } from '../web-socket/rate-limit/rate-limit-exceeded.ts'
import { WebSocketCloseStatus } from '../web-socket/values/web-socket-close-status.ts'
import type { WebSocketCompletion } from '../web-socket/values/web-socket-completion.ts'
import { startTimer } from '../options/start-timer.ts'
import { WebSocketException } from '../errors/web-socket-exception.ts'
import type { WebSocketExceptionCode } from '../errors/web-socket-exception.ts'
import type { WebSocketSettings } from '../web-socket/values/web-socket-settings.ts'
import { WebSocketState } from '../web-socket/values/web-socket-state.ts'
import { uncork } from '../web-socket/transport/uncork.ts'
import type { WebSocketTransport } from '../web-socket/transport/web-socket-transport.ts'
import { TransportStream } from './transport-stream.ts'
import { isCloseReceived, isCloseSent } from './ws-web-socket-internals.ts'
import { WsWebSocket } from './ws-web-socket.ts'
import type { WsWebSocketObserver } from './ws-web-socket.ts'

/** Represents a `ws` socket in the middleware: keeps it alive, ends it, and reports how it ended. */
export class WsConnection implements AcceptedWebSocket, KeepAliveListener, WsWebSocketObserver {
  readonly webSocket: WsWebSocket
  readonly completion: Promise<WebSocketCompletion>
  bytesReceived = 0
  bytesSent = 0
  messagesReceived = 0
  messagesSent = 0
  readonly #transport: WebSocketTransport
  readonly #settings: WebSocketSettings
  readonly #completionListener: CompletionListener
  /** The stream that `ws` uses as its socket. */
  readonly #stream: Duplex
  readonly #keepAlive: KeepAlive
  /** Whether our ping waits, because `ws` still compresses messages that were sent before it. */
  #isPingWaiting = false
  #endedBy: WebSocketCompletion['endedBy'] | undefined
  #error: WebSocketException | undefined
  #isCompleted = false
  #complete: (completion: WebSocketCompletion) => void = ignore

  constructor(transport: WebSocketTransport, settings: WebSocketSettings, completionListener: CompletionListener) {
    const { duplex } = transport
    this.#transport = transport
    this.#settings = settings
    this.#completionListener = completionListener
    this.completion = new Promise((resolve) => {
      this.#complete = resolve
    })
    this.webSocket = new WsWebSocket(settings, this)
    // `ws` expects a connection that it does not share with others.
    this.#stream = duplex instanceof Socket ? duplex : new TransportStream(transport)
    this.#keepAlive = new KeepAlive(this, settings.keepAliveInterval, settings.keepAliveTimeout)
    this.webSocket.connect(this.#stream, duplex, transport.takeHead?.() ?? [], settings)
    this.#stream.on('data', () => this.#keepAlive.onBytes())
    // After a close handshake, the connection closes next.
    this.#stream.on('end', () => {
      if (this.#isClean) completionListener.onClosing()
    })
  }

  // The members for the middleware.

  get bufferedAmount(): number {
    return this.webSocket.bufferedAmount
  }

  get isCompressed(): boolean {
    return this.#settings.compression !== undefined
  }

  get roundTripTime(): number | undefined {
    return this.#keepAlive.roundTripTime
  }

  get unreceived(): number {
    return this.webSocket.discarded
  }

  get state(): WebSocketState {
    const { webSocket } = this
    // The middleware learns of the end of the connection before `ws` does.
    if (this.#isCompleted || this.#transport.duplex.destroyed) return this.#isClean ? WebSocketState.Closed : WebSocketState.Aborted
    if (webSocket.readyState === webSocket.OPEN) return WebSocketState.Open
    return isCloseReceived(webSocket) ? WebSocketState.CloseReceived : WebSocketState.CloseSent
  }

  get subProtocol(): string | null {
    return this.#settings.subProtocol
  }

  abort(error = abortError('The WebSocket was aborted')): void {
    if (this.#isCompleted) return
    this.#endedBy ??= 'local'
    this.#error ??= error
    this.#transport.abort()
  }

  async closeAsync(closeStatus: number, statusDescription?: string | null): Promise<void> {
    this.webSocket.close(closeStatus, statusDescription ?? '')
    const { error } = await this.completion
    if (error !== undefined) throw error
  }

  /** Meanwhile, `ws` continues to emit messages. */
  drain(closeStatus: number, statusDescription: string): void {
    this.webSocket.close(closeStatus, statusDescription)
  }

  discardIncoming(): void {
    this.webSocket.discardIncoming()
  }

  passUnreceived(): void {}

  /** A socket that is closing is left to `ws`, which ends it after `closeTimeout` at the latest. */
  dispose(): void {
    if (this.state === WebSocketState.Open) this.webSocket.terminate()
  }

  // The members for keep-alive.

  get canPing(): boolean {
    return this.state === WebSocketState.Open
  }

  get isListening(): boolean {
    return !this.#stream.isPaused() && !this.#isPingWaiting
  }

  get outflow(): Outflow {
    return outflowOf(this.#transport)
  }

  sendPing(payload: Buffer): void {
    this.#isPingWaiting = true
    this.webSocket.ping(payload, false, this.#onPingSent)
  }

  onDeadPeer(error: WebSocketException): void {
    this.abort(error)
  }

  // Events of the `ws` socket.

  onReceived(bytes: number): void {
    this.bytesReceived += bytes
    this.messagesReceived++
  }

  onSent(bytes: number, isFinal: boolean): void {
    this.bytesSent += bytes
    if (isFinal) this.messagesSent++
  }

  onPong(payload: Buffer): void {
    const counter = pingNumberOf(payload)
    if (counter !== undefined) this.#keepAlive.onPong(counter)
  }

  onError(error: Error): void {
    this.#error ??= toException(error)
  }

  onClosing(): void {
    this.#endedBy ??= isCloseReceived(this.webSocket) ? 'remote' : 'local'
    // Otherwise `terminate()` would drop the 101 that the client waits for.
    uncork(this.#transport.duplex)
  }

  onTooSlow(): void {
    const message = `More than maxBufferedAmount (${this.#settings.maxBufferedAmount} bytes) waited for a peer that reads too slowly`
    this.abort(new WebSocketException('ERR_WEBSOCKET_TOO_SLOW', message))
  }

  onLimitExceeded(): void {
    this.#error ??= rateLimitExceeded()
    this.webSocket.close(WebSocketCloseStatus.PolicyViolation)
    // Until the peer answers, `ws` reads what the peer continues to send.
    startTimer(Math.min(this.#settings.closeTimeout, ABORT_DELAY), abort, this)?.unref()
  }

  onClosed(closeStatus: number, reason: Buffer): void {
    this.#isCompleted = true
    this.#keepAlive.stop()
    const wasClean = this.#isClean
    const completion: WebSocketCompletion = {
      closeStatus: closeStatus === NO_STATUS ? NORMAL_CLOSURE : closeStatus,
      closeStatusDescription: reason.toString(),
      wasClean,
      endedBy: this.#endedBy ?? 'remote',
      error: this.#error ?? (wasClean ? undefined : closedPrematurely('The connection ended without a close handshake')),
    }
    this.#completionListener.onCompleted(completion, isCloseSent(this.webSocket) ? closeStatus : 1006)
    this.#complete(completion)
  }

  readonly #onPingSent = (): void => {
    this.#isPingWaiting = false
  }

  get #isClean(): boolean {
    return isCloseReceived(this.webSocket) && isCloseSent(this.webSocket)
  }
}

/** How long to wait for a peer that has exceeded its rate limit, in milliseconds. */
const ABORT_DELAY = 1000

function abort(connection: WsConnection): void {
  connection.abort()
}

function toException(error: Error & { readonly code?: unknown }): WebSocketException {
  return new WebSocketException(codeOf(error), error.message, { cause: error })
}

/** An error that does not come from `ws`, such as a `DOMException`, may have a number as its code. */
function codeOf({ code }: { readonly code?: unknown }): WebSocketExceptionCode {
  if (typeof code !== 'string') return 'ERR_WEBSOCKET_CLOSED_PREMATURELY'
  if (code === 'WS_ERR_UNSUPPORTED_MESSAGE_LENGTH') return 'ERR_WEBSOCKET_MESSAGE_TOO_BIG'
  if (code === 'WS_ERR_INVALID_UTF8' || code.startsWith('Z_')) return 'ERR_WEBSOCKET_INVALID_PAYLOAD'
  return code.startsWith('WS_ERR_') ? 'ERR_WEBSOCKET_PROTOCOL_ERROR' : 'ERR_WEBSOCKET_CLOSED_PREMATURELY'
}

/** `ws` reports 1005 for a Close frame without a code. .NET, and this package, report 1000. */
const NO_STATUS = 1005
const NORMAL_CLOSURE = 1000

function ignore(): void {}
