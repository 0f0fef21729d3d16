import { abortError } from '../errors/abort-error.ts'
import { answerTo, encodeCloseFrame } from './frames/close-frame.ts'
import type { CloseFrame } from './frames/close-frame.ts'
import { CloseAnswer } from './close-answer.ts'
import type { CloseAnswerListener } from './close-answer.ts'
import { closedPrematurely } from '../errors/closed-prematurely.ts'
import { CloseHandshake } from './close-handshake.ts'
import { connectionError } from '../errors/connection-error.ts'
import type { CompletionListener } from './values/completion-listener.ts'
import { FrameChannel } from './frame-channel.ts'
import type { FrameChannelListener } from './frame-channel.ts'
import { protocolViolation } from './frames/frame-failure.ts'
import type { FrameFailure } from './frames/frame-failure.ts'
import { markHandled } from '../errors/handled-rejection.ts'
import { Opcode } from './frames/opcode.ts'
import type { ReceiveQueue } from './receiving/receive-queue.ts'
import { remoteAddressOf } from './transport/remote-address.ts'
import type { SendQueue } from './sending/send-queue.ts'
import { TransportEnding } from './transport-ending.ts'
import type { TransportEndingListener } from './transport-ending.ts'
import type { WebSocketCompletion } from './values/web-socket-completion.ts'
import { WebSocketException } from '../errors/web-socket-exception.ts'
import type { WebSocketSettings } from './values/web-socket-settings.ts'
import { WebSocketState } from './values/web-socket-state.ts'
import type { WebSocketTransport } from './transport/web-socket-transport.ts'

/**
 * One WebSocket from its opening handshake to its end. It implements the state machine of RFC 6455, section 7 (with .NET's names) and the
 * closing handshake. It always ends with a completion. `FrameChannel` carries its frames; `ManagedWebSocket` is its public interface.
 */
export class WebSocketConnection implements CloseAnswerListener, FrameChannelListener, TransportEndingListener {
  readonly settings: WebSocketSettings
  readonly channel: FrameChannel
  readonly sends: SendQueue
  readonly receives: ReceiveQueue
  state: WebSocketState = WebSocketState.Open
  /** The error that aborted the connection, if there is one. */
  error: WebSocketException | undefined
  /** Whether the connection ended because the peer vanished or broke the rules, and not because the application ended it. */
  isLost = false
  /** Whether the peer's Close frame was answered automatically. */
  isAnsweredForApplication = false
  /** The number of active `for await` loops. Each of them asks for the next message. */
  activeLoops = 0
  completion: WebSocketCompletion | undefined
  readonly #transport: WebSocketTransport
  readonly #ending: TransportEnding
  readonly #handshake = new CloseHandshake()
  #closeAnswer: CloseAnswer | undefined
  readonly #completionListener: CompletionListener | undefined
  #onCompleted: ((completion: WebSocketCompletion) => void)[] | undefined

  constructor(transport: WebSocketTransport, settings: WebSocketSettings, completionListener?: CompletionListener) {
    this.settings = settings
    this.#completionListener = completionListener
    this.#transport = transport
    this.#ending = new TransportEnding(transport, this)
    this.channel = new FrameChannel(transport, settings, this)
    this.sends = this.channel.sends
    this.receives = this.channel.receives
    this.channel.listen()
  }

  /** The peer's Close frame, after the application has received it. */
  get closeFrame(): CloseFrame | undefined {
    return this.#handshake.received
  }

  /** The Close frame that is sent when the application specifies no code. */
  get ownCloseFrame(): CloseFrame {
    return this.#handshake.ownFrame
  }

  /** The address and port of the peer, if known. */
  get remoteAddress(): string | undefined {
    return remoteAddressOf(this.#transport)
  }

  get canPing(): boolean {
    return this.state === WebSocketState.Open
  }

  get canPong(): boolean {
    return this.#isAlive()
  }

  get answerTimeout(): number {
    const { closeAnswerTimeout, closeTimeout } = this.settings
    const isLoopBusy = this.closeFrame === undefined && this.activeLoops > 0
    return isLoopBusy ? Math.max(closeAnswerTimeout, closeTimeout) : closeAnswerTimeout
  }

  get unreadBytes(): number {
    return this.channel.unreadBytes
  }

  get isReceiving(): boolean {
    return this.receives.isWaiting
  }

  /** Calls back once when the connection has ended; immediately if it has already ended. */
  whenCompleted(callback: (completion: WebSocketCompletion) => void): void {
    if (this.completion !== undefined) return callback(this.completion)
    this.#onCompleted ??= []
    this.#onCompleted.push(callback)
  }

  /** Sends our Close frame when its turn in the send queue comes. It waits at most `closeTimeout` for its turn. */
  sendClose(closeFrame: CloseFrame, signal: AbortSignal | undefined): Promise<void> {
    const length = 2 + Buffer.byteLength(closeFrame.description)
    const sent = this.sends.sendWith(() => this.#writeClose(closeFrame), length, signal)
    if (this.#handshake.sent === undefined && this.#isAlive()) {
      this.#ending.startTimer(this.settings.closeTimeout)
      sent.catch(() => this.#onCloseCancelled())
    }
    return sent
  }

  /** Sends our Close frame. The application can still receive the messages that arrive before the peer's Close frame. */
  drain(closeFrame: CloseFrame): void {
    void markHandled(this.sendClose(closeFrame, undefined))
    this.receives.startDraining()
  }

  /** Aborts the connection. If it is closed, it only stops waiting for the peer, so that written data can still leave. */
  abort(error: WebSocketException = abortError('The WebSocket was aborted')): void {
    this.#dropUnread()
    if (this.state === WebSocketState.Closed && !this.channel.isBlocked) return this.#endWithoutPeer()
    if (this.#isAlive()) {
      this.state = WebSocketState.Aborted
      this.#handshake.endedBy ??= 'local'
      this.error ??= error
    }
    this.#cut(error)
  }

  /** Ends the connection in order without a Close frame, or destroys it if it was aborted. */
  dispose(): void {
    this.#dropUnread()
    // A peer that broke the rules still gets its Close frame.
    if (this.channel.isEnding) return
    if (this.state === WebSocketState.Aborted) return this.#cut(abortError('The WebSocket was disposed'))
    if (!this.#isAlive()) return
    this.state = WebSocketState.Closed
    this.#handshake.endedBy ??= 'local'
    const error = new WebSocketException('ERR_WEBSOCKET_CLOSED_PREMATURELY', 'The WebSocket was disposed')
    this.sends.close(() => error)
    this.#rejectReceives(error)
    this.#end()
  }

  /** The error of an operation that this state does not allow. */
  invalidState(message: string): WebSocketException {
    const { error } = this
    if (this.isLost) return connectionError('ERR_WEBSOCKET_INVALID_STATE', message, error)
    return new WebSocketException('ERR_WEBSOCKET_INVALID_STATE', message, error === undefined ? {} : { cause: error })
  }

  // Notifications of the parts.

  /** As in .NET, pending operations are cancelled, and the `cause` of their error contains the reason. */
  onDeadPeer(cause: WebSocketException): void {
    if (!this.#isAlive()) return
    this.error ??= cause
    this.isLost = true
    this.abort(connectionError('ABORT_ERR', 'The WebSocket was aborted because its peer is dead', cause))
  }

  onClose(closeFrame: CloseFrame, isLoop: boolean): void {
    this.#handshake.received = closeFrame
    this.#handshake.hasPeerClosed = true
    this.#handshake.endedBy ??= 'remote'
    this.channel.stopReading(() => this.invalidState(CLOSED_BEFORE_PONG))
    if (this.#handshake.sent !== undefined) return this.#setClosed()
    if (this.state === WebSocketState.Open) this.state = WebSocketState.CloseReceived
    if (isLoop) this.onLoopEnd()
    else this.#getCloseAnswer().answerInTime()
  }

  onLoopEnd(): void {
    if (this.state === WebSocketState.CloseReceived) this.#getCloseAnswer().answerAtTurnEnd()
  }

  /** The application has left a loop, and may never receive again. */
  onLoopLeft(): void {
    this.activeLoops--
    this.#closeAnswer?.answerInTime()
  }

  onCloseAhead(): void {
    // A drain answers that frame itself, and counts the unreceived messages in front of it.
    if (this.receives.isDraining) return
    if (this.#closeAnswer === undefined && this.#isAlive()) this.#getCloseAnswer().answerInTime()
  }

  whenSent(): Promise<void> | undefined {
    const sent = this.#isAlive() ? this.sends.whenSent() : undefined
    // The answer waits in the queue at most as long as any other Close frame.
    if (sent !== undefined) this.#ending.startTimer(this.settings.closeTimeout)
    return sent
  }

  answer(): void {
    if (!this.#isAlive()) return
    if (this.closeFrame === undefined) return this.#answerAhead()
    this.isAnsweredForApplication = true
    void this.sendClose(this.ownCloseFrame, undefined)
  }

  /** The peer broke the rules: sends a Close frame (RFC 6455, section 7.1.7) and ends the connection. */
  onFailure({ closeStatus, error, isCloseReceived }: FrameFailure): void {
    if (!this.#isAlive()) return
    if (isCloseReceived) this.#handshake.hasPeerClosed = true
    this.error = error
    this.isLost = true
    this.#writeClose({ status: closeStatus, description: '' })
    // As in .NET, an invalid Close frame still counts as a Close frame.
    this.state = isCloseReceived ? WebSocketState.Closed : WebSocketState.Aborted
    this.sends.close(() => this.invalidState(error.message))
    // Immediately: if a handler throws the error of its receive, Express destroys the connection within this turn.
    this.channel.flush()
    this.#rejectReceives(error, connectionError('ABORT_ERR', error.message, error))
    this.#end()
  }

  onPrematureEnd(): void {
    this.#lose(closedPrematurely(ENDED_WITHOUT_CLOSE))
    this.#end()
  }

  onCancelledInFlight(error: WebSocketException): void {
    this.abort(error)
  }

  onTooSlow(error: WebSocketException): void {
    this.isLost = true
    this.abort(error)
  }

  toSendError(cause: unknown): Error {
    return this.error ?? closedPrematurely('The connection ended before the message had left', cause)
  }

  // Notifications of the transport.

  onLastFlush(): void {
    this.#ending.end()
  }

  /** The peer has ended its side. The connection is lost only when all earlier data was received. */
  onTransportEnd(): void {
    this.#ending.isPeerEnded = true
    if (!this.#isAlive() || this.#handshake.ahead !== undefined) {
      this.#end()
      this.#ending.destroyWhenFinished()
      return
    }
    this.receives.end()
    // The peer can no longer send a Close frame, so the connection must end even if the application never receives.
    this.#ending.startTimer(this.settings.closeTimeout)
  }

  onTransportError(cause: Error): void {
    this.#lose(closedPrematurely('The connection failed', cause))
    this.#transport.abort()
  }

  onTransportClose(): void {
    // `#lose` checks this too, but the error would be created first.
    if (this.#isAlive()) this.#lose(closedPrematurely('The connection was closed without a Close frame'))
    this.#complete()
  }

  onTransportClosing(): void {
    if (this.state === WebSocketState.Closed && this.completion === undefined) this.#completionListener?.onClosing()
  }

  /** The peer has not ended the connection or answered our Close frame within the timeout. */
  onEndTimeout(): void {
    const { closeTimeout } = this.settings
    if (this.#handshake.ahead !== undefined) return this.#transport.abort()
    if (this.#ending.isPeerEnded) this.#lose(closedPrematurely(ENDED_WITHOUT_CLOSE))
    const error = closedPrematurely(`The peer did not answer the Close frame within the closeTimeout of ${closeTimeout} ms`)
    if (this.#isAlive()) {
      this.isLost = true
      this.abort(error)
    } else {
      this.#cut(error)
    }
  }

  #isAlive(): boolean {
    return this.state < WebSocketState.Closed
  }

  /** Must be called only when the Close frame has its turn in the send queue. */
  #writeClose(closeFrame: CloseFrame): void {
    if (this.#handshake.sent !== undefined || !this.#isAlive()) return
    this.#handshake.sent = closeFrame
    this.#closeAnswer?.stop()
    this.#handshake.endedBy ??= 'local'
    this.channel.writeControl(Opcode.Close, encodeCloseFrame(closeFrame))
    if (this.#handshake.hasPeerClosed) this.#setClosed()
    else if (this.state === WebSocketState.Open) this.state = WebSocketState.CloseSent
    this.sends.close(() => this.invalidState('Not sent: a Close frame was sent first, and nothing may follow it'))
    this.#ending.startTimer(this.settings.closeTimeout)
  }

  /** Our Close frame was cancelled before its turn. The connection is unchanged. */
  #onCloseCancelled(): void {
    if (this.#handshake.sent === undefined && this.#isAlive() && !this.#ending.isPeerEnded) this.#ending.stopTimer()
  }

  /** Both Close frames were exchanged. The server ends the connection first (RFC 6455, section 7.1.1), and the client waits for that. */
  #setClosed(): void {
    this.state = WebSocketState.Closed
    this.channel.stopPinging(() => this.invalidState('The WebSocket was closed before the peer answered the ping'))
    if (this.completion === undefined) this.#finishHandshake()
    else this.channel.release()
  }

  #finishHandshake(): void {
    if (this.settings.isServer) return this.#end()
    this.#ending.stopTimer()
    this.#ending.startTimer(SERVER_END_TIMEOUT)
  }

  #getCloseAnswer(): CloseAnswer {
    this.#closeAnswer ??= new CloseAnswer(this)
    return this.#closeAnswer
  }

  /** Answers a Close frame that is behind unreceived data, and ends the connection. The data can still be received. */
  #answerAhead(): void {
    const closeFrame = this.channel.closeFrameAhead()
    if (closeFrame === undefined) return
    if (typeof closeFrame === 'string') return this.onFailure(protocolViolation(closeFrame, true))
    if (this.#handshake.sent !== undefined) return this.#endAhead(closeFrame)
    this.isAnsweredForApplication = true
    this.#handshake.endedBy ??= 'remote'
    this.sendClose(answerTo(closeFrame), undefined).then(() => this.#endAhead(closeFrame), ignoreError)
  }

  /** Both Close frames were exchanged, but the application has not received the peer's yet. */
  #endAhead(closeFrame: CloseFrame): void {
    if (!this.#isAlive() || this.#handshake.hasPeerClosed) return
    this.#handshake.ahead = closeFrame
    this.#handshake.hasPeerClosed = true
    this.channel.stopReading(() => this.invalidState(CLOSED_BEFORE_PONG))
    this.#finishHandshake()
    this.#transport.duplex.resume()
  }

  /** The application abandons the data that it could still receive after the peer's Close frame was answered ahead. */
  #dropUnread(): void {
    if (this.#handshake.ahead === undefined || !this.#isAlive()) return
    this.#handshake.received = this.#handshake.ahead
    this.state = WebSocketState.Closed
    this.#rejectReceives(new WebSocketException('ERR_WEBSOCKET_CLOSED_PREMATURELY', 'The WebSocket was disposed'))
    if (this.completion !== undefined) this.channel.release()
  }

  /** The peer or the network has ended the transport, or is ending it. */
  #lose(error: WebSocketException): void {
    if (!this.#isAlive() || this.#handshake.ahead !== undefined) return
    this.state = WebSocketState.Aborted
    this.isLost = true
    this.#handshake.endedBy ??= 'remote'
    this.error ??= error
    this.sends.abort(error)
    this.#rejectReceives(error, connectionError('ABORT_ERR', error.message, error))
  }

  /** As in .NET, when the connection is lost, the first receive gets the error, and receives behind it are cancelled with `errorBehind`. */
  #rejectReceives(error: WebSocketException, errorBehind = error): void {
    this.channel.rejectReceives(error, errorBehind, this.isLost)
  }

  /** Ends our side after all written data has left, and waits until the peer ends its side. */
  #end(): void {
    if (this.channel.isEnding) return
    this.#ending.startTimer(this.settings.closeTimeout)
    this.channel.end()
  }

  /** Ends our side and does not wait until the peer ends its side. */
  #endWithoutPeer(): void {
    this.#ending.stopWaitingForPeer()
    this.#end()
  }

  #cut(error: WebSocketException): void {
    if (this.completion !== undefined) return
    this.channel.cut()
    // Our Close frame was written last, so it leaves last.
    this.#handshake.isSentLost = this.channel.writtenBytes > 0
    this.sends.abort(error)
    this.#rejectReceives(error)
    this.#transport.abort()
  }

  #complete(): void {
    if (this.completion !== undefined) return
    this.#ending.onClosed()
    this.receives.stop()
    this.#closeAnswer?.stop()
    // The data in front of a Close frame that was answered ahead can still be received.
    if (this.#handshake.ahead === undefined || !this.#isAlive()) this.channel.release()
    this.completion = this.#handshake.toCompletion(this.state === WebSocketState.Aborted, this.error)
    const callbacks = this.#onCompleted ?? []
    this.#onCompleted = undefined
    this.#completionListener?.onCompleted(this.completion, this.#handshake.statusSeenByPeer)
    for (const callback of callbacks) callback(this.completion)
  }
}

const CLOSED_BEFORE_PONG = 'The peer closed the WebSocket before it answered the ping'

const ENDED_WITHOUT_CLOSE = 'The peer ended the connection without a Close frame'

/** How long a client waits for the server to end the connection after the close handshake, in milliseconds (.NET's figure). */
const SERVER_END_TIMEOUT = 1000

function ignoreError(): void {}
