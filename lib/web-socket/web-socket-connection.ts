import { abortError } from '../errors/abort-error.ts'
import { answerTo, EMPTY_CLOSE, encodeCloseFrame } from './frames/close-frame.ts'
import type { CloseFrame } from './frames/close-frame.ts'
import { CloseAnswer } from './close-answer.ts'
import type { CloseAnswerListener } from './close-answer.ts'
import { closedPrematurely } from '../errors/closed-prematurely.ts'
import { connectionError } from '../errors/connection-error.ts'
import type { CompletionListener } from './values/completion-listener.ts'
import { FrameReader } from './frames/frame-reader.ts'
import { protocolViolation } from './frames/frame-failure.ts'
import type { FrameFailure } from './frames/frame-failure.ts'
import type { ControlFrameListener } from './frames/frame-reader.ts'
import { FrameWriter } from './frames/frame-writer.ts'
import { markHandled } from '../errors/handled-rejection.ts'
import { KeepAlive, pingNumberOf } from './keep-alive/keep-alive.ts'
import type { KeepAliveListener } from './keep-alive/keep-alive.ts'
import { listenToDuplex } from './transport/listen-to-duplex.ts'
import type { DuplexListener } from './transport/listen-to-duplex.ts'
import { MessageDeflater } from './compression/message-deflater.ts'
import { Opcode } from './frames/opcode.ts'
import { outflowOf } from './transport/outflow.ts'
import type { Outflow } from './transport/outflow.ts'
import { PingTimes } from './keep-alive/ping-times.ts'
import type { PreparedMessage } from './prepared-message.ts'
import { ReceiveQueue } from './receiving/receive-queue.ts'
import type { ReceiveListener } from './receiving/receive-queue.ts'
import { SendQueue } from './sending/send-queue.ts'
import type { SendListener } from './sending/send-queue.ts'
import { SETTLED } from '../errors/settled.ts'
import { startTimer } from '../options/start-timer.ts'
import { TransportEnding } from './transport/transport-ending.ts'
import { runAtTurnEnd } from './sending/turn-end.ts'
import type { TurnEndTask } from './sending/turn-end.ts'
import type { WebSocketCompletion } from './values/web-socket-completion.ts'
import { WebSocketException } from '../errors/web-socket-exception.ts'
import type { WebSocketSettings } from './values/web-socket-settings.ts'
import { WebSocketState } from './values/web-socket-state.ts'
import type { BorrowedBytesListener, PeerAddress, WebSocketTransport } from './transport/web-socket-transport.ts'

/**
 * The engine of one WebSocket: ties reader, writer, queues and keep-alive to the transport, keeps the state machine of RFC 6455,
 * section 7 (in .NET's words), and sees the connection to its end. `ManagedWebSocket` is its face.
 */
export class WebSocketConnection
  implements
    BorrowedBytesListener,
    CloseAnswerListener,
    ControlFrameListener,
    DuplexListener,
    KeepAliveListener,
    ReceiveListener,
    SendListener,
    TurnEndTask
{
  readonly settings: WebSocketSettings
  readonly sends: SendQueue
  readonly receives: ReceiveQueue
  state: WebSocketState = WebSocketState.Open
  closeFrame: CloseFrame | undefined
  /** Why the connection was cut, if an error says so. */
  error: WebSocketException | undefined
  /** Whether the connection has ended the conversation: the peer vanished or broke the rules, not the application gave up. */
  isLost = false
  /** Whether the peer's Close frame was answered because the application had not done so. */
  isAnsweredForApplication = false
  /** Loops over the messages that were neither left nor came to their end: each will come for the next message. */
  loopsAtWork = 0
  completion: WebSocketCompletion | undefined
  readonly #transport: WebSocketTransport
  readonly #ending: TransportEnding
  readonly #reader: FrameReader
  readonly #writer: FrameWriter
  readonly #deflater: MessageDeflater | undefined
  readonly #keepAlive: KeepAlive
  #sentClose: CloseFrame | undefined
  #isCloseReceived = false
  #closeAnswer: CloseAnswer | undefined
  /** The peer's Close frame, if it was answered before the application has come to it: what lies in front of it can still be received. */
  #closeAhead: CloseFrame | undefined
  #endedBy: 'local' | 'remote' | undefined
  /** Whether we have said, or are about to say, our last byte. */
  #isEnding = false
  /** Whether nothing leaves any more. */
  #isCut = false
  /** Whether our Close frame may not have left. */
  #isCloseLost = false
  #isTurnEndScheduled = false
  /** Whether bytes have arrived in this turn that nobody had asked for. */
  #hasUnreadBytes = false
  /** The pong that waits while the transport is full: a peer that floods us with pings gets the latest answered (RFC 6455, section 5.5.3). */
  #waitingPong: Buffer | undefined
  #endTimer: NodeJS.Timeout | undefined
  readonly #completionListener: CompletionListener | undefined
  #pings: PingTimes | undefined
  #onCompleted: ((completion: WebSocketCompletion) => void)[] | undefined

  constructor(transport: WebSocketTransport, settings: WebSocketSettings, completionListener?: CompletionListener) {
    const { compression } = settings
    const { duplex } = transport
    this.settings = settings
    this.#completionListener = completionListener
    this.#transport = transport
    this.#ending = new TransportEnding(transport)
    this.#deflater = compression === undefined ? undefined : new MessageDeflater(compression, settings)
    this.#reader = new FrameReader(settings, this)
    this.#writer = new FrameWriter(transport, !settings.isServer, this)
    this.sends = new SendQueue(this.#writer, this.#deflater, this, settings.maxBufferedAmount)
    this.receives = new ReceiveQueue(this.#reader, this.#deflater, duplex, this)
    this.#keepAlive = new KeepAlive(this, settings.keepAliveInterval, settings.keepAliveTimeout)
    this.#listen(transport)
  }

  /** Bytes that were given to us and have not left the process. */
  get bufferedAmount(): number {
    return this.sends.pendingBytes + this.#writer.bufferedAmount
  }

  /** Where the peer is, if that is known, with its port. */
  get remoteAddress(): string | undefined {
    // A socket has both, any other stream neither.
    const { duplex, peer = duplex as PeerAddress } = this.#transport
    const { remoteAddress, remotePort } = peer
    if (remoteAddress === undefined) return undefined
    return `${remoteAddress.includes(':') ? `[${remoteAddress}]` : remoteAddress}:${remotePort}`
  }

  get pings(): PingTimes {
    this.#pings ??= new PingTimes(this.#keepAlive)
    return this.#pings
  }

  get canPing(): boolean {
    return this.state === WebSocketState.Open
  }

  get answerTime(): number {
    const { closeAnswerTimeout, closeTimeout } = this.settings
    const isLoopBusy = this.closeFrame === undefined && this.loopsAtWork > 0
    return isLoopBusy ? Math.max(closeAnswerTimeout, closeTimeout) : closeAnswerTimeout
  }

  get unreadBytes(): number {
    return this.#reader.bytes.length
  }

  get isReceiving(): boolean {
    return this.receives.isWaiting
  }

  get isListening(): boolean {
    return !this.receives.isPaused
  }

  get outflow(): Outflow {
    return outflowOf(this.#transport)
  }

  /** What to close with for an application that has nothing to say: the answer to the peer, or a Close frame without a code. */
  get ownCloseFrame(): CloseFrame {
    return this.closeFrame === undefined ? EMPTY_CLOSE : answerTo(this.closeFrame)
  }

  /** Calls back once, when nothing more can happen; at once if that is so already. */
  whenCompleted(callback: (completion: WebSocketCompletion) => void): void {
    if (this.completion !== undefined) return callback(this.completion)
    this.#onCompleted ??= []
    this.#onCompleted.push(callback)
  }

  /** Writes a message that was framed before. The caller has seen to its turn. */
  writePrepared(message: PreparedMessage): void {
    const { compression } = this.settings
    if (compression === undefined || message.payload.length < compression.threshold) return this.#writer.writePrepared(message.frame)
    this.#writer.writePrepared(message.compressedFrame(compression.serverMaxWindowBits, compression.level))
    this.#deflater?.forgetSentMessages()
  }

  /** Sends a message that was framed before if nothing stands in its way. A client masks every frame anew, so it cannot. */
  trySendPrepared(message: PreparedMessage): boolean {
    if (!this.settings.isServer || !this.sends.isReady) return false
    this.writePrepared(message)
    this.onWritten()
    return true
  }

  /** Sends our Close frame when its turn has come, for which it waits `closeTimeout` at most. */
  sendClose(closeFrame: CloseFrame, signal: AbortSignal | undefined): Promise<void> {
    const length = 2 + Buffer.byteLength(closeFrame.description)
    const sent = this.sends.sendWith(() => this.#writeClose(closeFrame), length, signal)
    if (this.#sentClose === undefined && this.#isAlive()) {
      this.#armEndTimer()
      sent.catch(() => this.#onCloseCancelled())
    }
    return sent
  }

  /** Sends our Close frame, and leaves to the application what comes before the peer's. */
  drain(closeFrame: CloseFrame): void {
    void markHandled(this.sendClose(closeFrame, undefined))
    this.receives.startDraining()
  }

  /** Cuts the connection; one that is closed only waits for its peer no longer, since what was written may still leave. */
  abort(error: WebSocketException = abortError('The WebSocket was aborted')): void {
    this.#dropUnread()
    if (this.state === WebSocketState.Closed && !this.#writer.isBlocked) return this.#leave()
    if (this.#isAlive()) {
      this.state = WebSocketState.Aborted
      this.#endedBy ??= 'local'
      this.error ??= error
    }
    this.#cut(error)
  }

  /** Gives the connection up: ends it in order without a Close frame, or cuts it if it was aborted. */
  dispose(): void {
    this.#dropUnread()
    // A peer that broke the rules is still being told.
    if (this.#isEnding) return
    if (this.state === WebSocketState.Aborted) return this.#cut(abortError('The WebSocket was disposed'))
    if (!this.#isAlive()) return
    this.state = WebSocketState.Closed
    this.#endedBy ??= 'local'
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

  // What the parts report.

  onPing(payload: Buffer): void {
    if (!this.#isAlive()) return
    if (this.#writer.isBlocked) this.#waitingPong = payload
    else this.#writeControl(Opcode.Pong, payload)
  }

  onPong(payload: Buffer): void {
    const counter = pingNumberOf(payload)
    if (counter !== undefined) this.#pings?.onPong(counter)
  }

  sendPing(payload: Buffer): void {
    this.#writeControl(Opcode.Ping, payload)
  }

  /** As in .NET, what waits is cancelled, and the cause says why. */
  onDeadPeer(cause: WebSocketException): void {
    if (!this.#isAlive()) return
    this.error ??= cause
    this.isLost = true
    this.abort(connectionError('ABORT_ERR', 'The WebSocket was aborted because its peer is dead', cause))
  }

  onClose(closeFrame: CloseFrame, isLoop: boolean): void {
    this.closeFrame = closeFrame
    this.#isCloseReceived = true
    this.#endedBy ??= 'remote'
    this.#pings?.rejectAll(() => this.invalidState('The peer closed the WebSocket before it answered'))
    if (this.#sentClose !== undefined) return this.#setClosed()
    if (this.state === WebSocketState.Open) this.state = WebSocketState.CloseReceived
    if (isLoop) this.onLoopEnd()
    else this.#getCloseAnswer().answerInTime()
  }

  onLoopEnd(): void {
    if (this.state === WebSocketState.CloseReceived) this.#getCloseAnswer().answerAtTurnEnd()
  }

  /** The application has left a loop: it may never receive again. */
  onLoopLeft(): void {
    this.loopsAtWork--
    this.#closeAnswer?.answerInTime()
  }

  onCloseAhead(): void {
    if (this.#closeAnswer === undefined && this.#isAlive()) this.#getCloseAnswer().answerInTime()
  }

  whenSent(): Promise<void> | undefined {
    const sent = this.#isAlive() ? this.sends.whenSent() : undefined
    // No longer than any other Close frame may wait for its turn.
    if (sent !== undefined) this.#armEndTimer()
    return sent
  }

  answer(): void {
    if (!this.#isAlive()) return
    if (this.closeFrame === undefined) return this.#answerAhead()
    this.isAnsweredForApplication = true
    void this.sendClose(this.ownCloseFrame, undefined)
  }

  /** The peer broke the rules: tell it (RFC 6455, section 7.1.7), and end the connection. */
  onFailure({ closeStatus, error, isCloseReceived }: FrameFailure): void {
    if (!this.#isAlive()) return
    this.#isCloseReceived ||= isCloseReceived
    this.error = error
    this.isLost = true
    this.#writeClose({ status: closeStatus, description: '' })
    // As in .NET: a wrong Close frame is a Close frame all the same.
    this.state = isCloseReceived ? WebSocketState.Closed : WebSocketState.Aborted
    this.sends.close(() => this.invalidState(error.message))
    // At once: the error that whoever reads gets now makes Express, for one, destroy the connection within this very turn.
    this.#writer.flush()
    this.#rejectReceives(error, connectionError('ABORT_ERR', error.message, error))
    this.#end()
  }

  onPrematureEnd(): void {
    this.#lose(closedPrematurely(ENDED_WITHOUT_CLOSE))
    this.#end()
  }

  onWritten(): void {
    this.#scheduleTurnEnd()
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

  onTurnEnd(): void {
    this.#isTurnEndScheduled = false
    if (this.#isCut) return
    this.#writer.flush()
    if (this.#isEnding) return this.#ending.end()
    if (!this.#hasUnreadBytes) return
    this.#hasUnreadBytes = false
    this.receives.settle()
  }

  // What the transport reports.

  onData(chunk: Uint8Array): void {
    if (!this.#isAlive() || this.#isCloseReceived) return
    this.#keepAlive.onBytes()
    this.#reader.bytes.push(chunk)
    this.receives.run()
    if (this.#reader.bytes.length > 0) this.#settleAtTurnEnd()
  }

  onBorrowedBytes(bytes: Uint8Array): void {
    try {
      this.onData(bytes)
    } finally {
      // Whatever happens: this memory will hold what somebody else has sent.
      this.#reader.bytes.keepLast()
    }
  }

  /** The peer has ended its side. What it sent before is still read; only then is it the end. */
  onTransportEnd(): void {
    this.#ending.isPeerEnded = true
    if (!this.#isAlive() || this.#closeAhead !== undefined) {
      this.#end()
      this.#ending.destroyWhenFinished()
      return
    }
    this.receives.end()
    // It cannot answer any more. Somebody has to notice, even if nobody receives.
    this.#armEndTimer()
  }

  onDrain(): void {
    const pong = this.#waitingPong
    this.#waitingPong = undefined
    if (pong !== undefined && this.#isAlive()) this.#writeControl(Opcode.Pong, pong)
    this.sends.run()
  }

  onTransportError(cause: Error): void {
    this.#lose(closedPrematurely('The connection failed', cause))
    this.#transport.abort()
  }

  onTransportClose(): void {
    this.#lose(closedPrematurely('The connection was closed without a Close frame'))
    this.#complete()
  }

  /** Whoever should have ended the connection by now has not. */
  onEndTimeout(): void {
    this.#endTimer = undefined
    const { closeTimeout } = this.settings
    if (this.#closeAhead !== undefined) return this.#transport.abort()
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

  #listen(transport: WebSocketTransport): void {
    const { duplex } = transport
    // The end of the peer's side must not end ours: what it sent may still be read, and answered.
    duplex.allowHalfOpen = true
    listenToDuplex(duplex, this)
    transport.readInto?.(this)
    for (const chunk of transport.takeHead?.() ?? []) this.#reader.bytes.push(chunk)
    if (this.#reader.bytes.length > 0) this.#settleAtTurnEnd()
    if (duplex.destroyed) process.nextTick(() => this.onTransportClose())
    else duplex.resume()
  }

  /** The caller has seen to its turn. */
  #writeClose(closeFrame: CloseFrame): void {
    if (this.#sentClose !== undefined || !this.#isAlive()) return
    this.#sentClose = closeFrame
    this.#closeAnswer?.stop()
    this.#endedBy ??= 'local'
    this.#writer.writeFrame(0x80 | Opcode.Close, encodeCloseFrame(closeFrame))
    this.onWritten()
    if (this.#isCloseReceived) this.#setClosed()
    else if (this.state === WebSocketState.Open) this.state = WebSocketState.CloseSent
    this.sends.close(() => this.invalidState('A Close frame was sent first'))
    this.#armEndTimer()
  }

  /** Our Close frame was cancelled before its turn came: all is as it was. */
  #onCloseCancelled(): void {
    if (this.#sentClose === undefined && this.#isAlive() && !this.#ending.isPeerEnded) this.#disarmEndTimer()
  }

  #writeControl(opcode: number, payload: Buffer): void {
    this.#writer.writeFrame(0x80 | opcode, payload)
    this.#scheduleTurnEnd()
  }

  /** Not before the microtasks that are due, as a tick may come: in them, whoever was served receives what is left. */
  #settleAtTurnEnd(): void {
    if (this.#hasUnreadBytes) return
    this.#hasUnreadBytes = true
    void SETTLED.then(() => this.#scheduleTurnEnd())
  }

  #scheduleTurnEnd(): void {
    if (this.#isTurnEndScheduled) return
    this.#isTurnEndScheduled = true
    runAtTurnEnd(this)
  }

  /** Both Close frames were exchanged. The server ends the connection first (RFC 6455, section 7.1.1), the client waits for it. */
  #setClosed(): void {
    this.state = WebSocketState.Closed
    this.#keepAlive.stop()
    this.#pings?.rejectAll(() => this.invalidState('The WebSocket was closed'))
    if (this.completion === undefined) this.#finishHandshake()
    else this.#deflater?.dispose()
  }

  #finishHandshake(): void {
    if (this.settings.isServer) return this.#end()
    this.#disarmEndTimer()
    this.#armEndTimer(CLIENT_PATIENCE)
  }

  #getCloseAnswer(): CloseAnswer {
    this.#closeAnswer ??= new CloseAnswer(this)
    return this.#closeAnswer
  }

  /** Answers the Close frame that lies behind what nobody receives, and ends the connection. What lies in front of it can still be received. */
  #answerAhead(): void {
    const closeFrame = this.#reader.closeFrameAhead()
    if (closeFrame === undefined) return
    if (typeof closeFrame === 'string') return this.onFailure(protocolViolation(closeFrame, true))
    if (this.#sentClose !== undefined) return this.#endBefore(closeFrame)
    this.isAnsweredForApplication = true
    this.#endedBy ??= 'remote'
    this.sendClose(answerTo(closeFrame), undefined).then(() => this.#endBefore(closeFrame), ignoreError)
  }

  /** Both Close frames are through; the peer's was not received yet. */
  #endBefore(closeFrame: CloseFrame): void {
    if (!this.#isAlive() || this.#isCloseReceived) return
    this.#closeAhead = closeFrame
    // Nothing counts behind it.
    this.#isCloseReceived = true
    this.#keepAlive.stop()
    this.#pings?.rejectAll(() => this.invalidState('The peer closed the WebSocket before it answered'))
    this.#finishHandshake()
    this.#transport.duplex.resume()
  }

  /** The application gives up what it could still receive on a connection that has ended. */
  #dropUnread(): void {
    if (this.#closeAhead === undefined || !this.#isAlive()) return
    this.closeFrame = this.#closeAhead
    this.state = WebSocketState.Closed
    this.#rejectReceives(new WebSocketException('ERR_WEBSOCKET_CLOSED_PREMATURELY', 'The WebSocket was disposed'))
    if (this.completion !== undefined) this.#deflater?.dispose()
  }

  /** The transport is gone, or as good as gone, and it was not us. */
  #lose(error: WebSocketException): void {
    if (!this.#isAlive() || this.#closeAhead !== undefined) return
    this.state = WebSocketState.Aborted
    this.isLost = true
    this.#endedBy ??= 'remote'
    this.error ??= error
    this.sends.abort(error)
    this.#rejectReceives(error, connectionError('ABORT_ERR', error.message, error))
  }

  /** Everything that waits for bytes of the peer waits in vain. As in .NET, what waits behind the receive that meets an error is cancelled. */
  #rejectReceives(error: WebSocketException, errorBehind = error): void {
    this.#keepAlive.stop()
    if (this.isLost) this.receives.loseAll(error, errorBehind)
    else this.receives.rejectAll(error)
    this.#pings?.rejectAll(() => error)
    this.#reader.bytes.clear()
  }

  /** Lets what was written leave, then ends our side, and waits for the peer to end its own. */
  #end(): void {
    if (this.#isEnding) return
    this.#isEnding = true
    this.#keepAlive.stop()
    this.#armEndTimer()
    this.#scheduleTurnEnd()
  }

  /** Ends our side, and does not wait for the peer to end its own. */
  #leave(): void {
    this.#ending.giveUpPeer()
    this.#end()
  }

  #cut(error: WebSocketException): void {
    if (this.completion !== undefined) return
    this.#isEnding = true
    this.#isCut = true
    // What is written last leaves last.
    this.#isCloseLost = this.#writer.bufferedAmount > 0
    this.sends.abort(error)
    this.#rejectReceives(error)
    this.#transport.abort()
  }

  #armEndTimer(timeout = this.settings.closeTimeout): void {
    if (this.#endTimer !== undefined || this.completion !== undefined) return
    this.#endTimer = startTimer(timeout, onEndTimeout, this)?.unref()
  }

  #disarmEndTimer(): void {
    clearTimeout(this.#endTimer)
    this.#endTimer = undefined
  }

  #complete(): void {
    if (this.completion !== undefined) return
    this.#disarmEndTimer()
    this.receives.stop()
    this.#closeAnswer?.stop()
    const { error } = this
    const closeFrame = this.closeFrame ?? this.#closeAhead
    const sentClose = this.#sentClose
    if (this.#closeAhead === undefined || !this.#isAlive()) {
      // Whatever the way here was: memory that is lent goes back.
      this.#reader.bytes.clear()
      this.#deflater?.dispose()
    }
    this.completion = {
      closeStatus: (closeFrame ?? sentClose)?.status ?? 1006,
      closeStatusDescription: (closeFrame ?? sentClose)?.description ?? '',
      wasClean: closeFrame !== undefined && sentClose !== undefined && this.state !== WebSocketState.Aborted,
      endedBy: this.#endedBy ?? 'remote',
      error,
    }
    const callbacks = this.#onCompleted ?? []
    this.#onCompleted = undefined
    this.#completionListener?.onCompleted(this.completion, sentClose === undefined || this.#isCloseLost ? 1006 : sentClose.status)
    for (const callback of callbacks) callback(this.completion)
  }
}

const ENDED_WITHOUT_CLOSE = 'The peer ended the connection without a Close frame'

/** How long a client waits for the server to end the connection after the close handshake, in milliseconds (.NET's figure). */
const CLIENT_PATIENCE = 1000

function ignoreError(): void {}

function onEndTimeout(connection: WebSocketConnection): void {
  connection.onEndTimeout()
}
