import type { CloseFrame } from './frames/close-frame.ts'
import type { ControlFrameListener } from './frames/frame-reader.ts'
import { FrameReader } from './frames/frame-reader.ts'
import { FrameWriter } from './frames/frame-writer.ts'
import { KeepAlive, pingNumberOf } from './keep-alive/keep-alive.ts'
import type { KeepAliveListener } from './keep-alive/keep-alive.ts'
import { LimitedReceiveQueue } from './rate-limit/limited-receive-queue.ts'
import { listenToDuplex } from './transport/listen-to-duplex.ts'
import type { DuplexListener } from './transport/listen-to-duplex.ts'
import { MessageDeflater } from './compression/message-deflater.ts'
import { MessageInflater } from './compression/message-inflater.ts'
import { Opcode } from './frames/opcode.ts'
import { outflowOf } from './transport/outflow.ts'
import type { Outflow } from './transport/outflow.ts'
import { PingTimes } from './keep-alive/ping-times.ts'
import type { PreparedMessage } from './prepared-message.ts'
import { ReceiveQueue } from './receiving/receive-queue.ts'
import type { ReceiveListener } from './receiving/receive-queue.ts'
import { SendQueue } from './sending/send-queue.ts'
import type { Preparation, SendListener } from './sending/send-queue.ts'
import { SETTLED } from '../errors/settled.ts'
import { runAtTurnEnd } from './sending/turn-end.ts'
import type { TurnEndTask } from './sending/turn-end.ts'
import type { WebSocketException } from '../errors/web-socket-exception.ts'
import type { WebSocketSettings } from './values/web-socket-settings.ts'
import type { BorrowedBytesListener, WebSocketTransport } from './transport/web-socket-transport.ts'

/** The part of a connection that a channel uses: its state, and the methods that the channel notifies. */
export interface FrameChannelListener extends ReceiveListener, Omit<SendListener, 'onWritten'> {
  /** Whether a ping may be sent and can be answered: `false` after either side has sent a Close frame. */
  readonly canPing: boolean
  /** Whether pongs may be sent: until the connection is closed or aborted. */
  readonly canPong: boolean
  onDeadPeer(cause: WebSocketException): void
  /** All written data was passed to the transport, and nothing follows. */
  onLastFlush(): void
  onTransportEnd(): void
  onTransportError(cause: Error): void
  onTransportClose(): void
}

/**
 * Carries frames between the transport and the queues of sends and receives, and answers pings. Data that is written in one turn of the event loop
 * leaves at the end of the turn. The channel has no states and no closing handshake. Its listener, the connection, tells it when to stop.
 */
export class FrameChannel
  implements BorrowedBytesListener, ControlFrameListener, DuplexListener, KeepAliveListener, SendListener, TurnEndTask
{
  readonly sends: SendQueue
  readonly receives: ReceiveQueue
  /** Whether our side has ended, or will end at the end of this turn. */
  isEnding = false
  readonly #transport: WebSocketTransport
  readonly #settings: WebSocketSettings
  readonly #listener: FrameChannelListener
  readonly #reader: FrameReader
  readonly #writer: FrameWriter
  readonly #deflater: MessageDeflater | undefined
  readonly #inflater: MessageInflater | undefined
  readonly #keepAlive: KeepAlive
  #pings: PingTimes | undefined
  /** Whether incoming data is still processed. */
  #isReading = true
  /** Whether writing has stopped. */
  #isCut = false
  #isTurnEndScheduled = false
  /** Whether bytes have arrived in this turn without a pending operation. */
  #hasUnreadBytes = false
  /** The pong that waits while the transport is full. If a peer floods us with pings, only the latest is answered (RFC 6455, section 5.5.3). */
  #waitingPong: Buffer | undefined

  constructor(transport: WebSocketTransport, settings: WebSocketSettings, listener: FrameChannelListener) {
    const { compression } = settings
    this.#transport = transport
    this.#settings = settings
    this.#listener = listener
    this.#deflater = compression === undefined ? undefined : new MessageDeflater(compression, settings.isServer)
    this.#inflater = compression === undefined ? undefined : new MessageInflater(compression, settings)
    this.#reader = new FrameReader(settings, this)
    this.#writer = new FrameWriter(transport, !settings.isServer, this)
    this.sends = new SendQueue(this.#writer, this.#deflater, this, settings.maxBufferedAmount)
    this.receives =
      settings.rateLimit === undefined
        ? new ReceiveQueue(this.#reader, this.#inflater, transport.duplex, listener)
        : new LimitedReceiveQueue(this.#reader, this.#inflater, transport.duplex, listener, settings, settings.rateLimit)
    this.#keepAlive = new KeepAlive(this, settings.keepAliveInterval, settings.keepAliveTimeout)
  }

  /** Starts to read. From now on, events of the transport may end the connection. */
  listen(): void {
    const { duplex } = this.#transport
    // The end of the peer's side must not end our side: the application may still read and answer the peer's data.
    duplex.allowHalfOpen = true
    listenToDuplex(duplex, this)
    this.#transport.readInto?.(this)
    for (const chunk of this.#transport.takeHead?.() ?? []) this.#reader.bytes.push(chunk)
    if (this.#reader.bytes.length > 0) this.#settleAtTurnEnd()
    if (duplex.destroyed) process.nextTick(() => this.onTransportClose())
    else duplex.resume()
  }

  /** Bytes that the application has sent and that have not left the process yet. */
  get bufferedAmount(): number {
    return this.sends.pendingBytes + this.#writer.bufferedAmount
  }

  /** Bytes that were framed and have not left the process yet. */
  get writtenBytes(): number {
    return this.#writer.bufferedAmount
  }

  /** Bytes that have arrived and that no operation has taken. */
  get unreadBytes(): number {
    return this.#reader.bytes.length
  }

  /** Payload bytes that operations have taken. */
  get bytesReceived(): number {
    return this.#reader.bytesRead
  }

  /** Messages that operations have taken completely. */
  get messagesReceived(): number {
    return this.#reader.messagesRead
  }

  get isBlocked(): boolean {
    return this.#writer.isBlocked
  }

  get roundTripTime(): number | undefined {
    return this.#keepAlive.roundTripTime
  }

  get pings(): PingTimes {
    this.#pings ??= new PingTimes(this.#keepAlive)
    return this.#pings
  }

  /**
   * Writes a prepared message. Must be called only when it has its turn in the send queue.
   * @returns what has to be done first, if the message is not compressed yet and is too long to be compressed at once.
   */
  writePrepared(message: PreparedMessage): Preparation | undefined {
    const { compression } = this.#settings
    if (compression === undefined || message.payload.length < compression.threshold) {
      this.#writer.writePrepared(message.frame)
    } else {
      const { level, serverMaxWindowBits } = compression
      const frame = message.compressedFrame(serverMaxWindowBits, level)
      if (frame === undefined) return (callback) => message.compressInPool(serverMaxWindowBits, level, callback)
      this.#writer.writePrepared(frame)
      this.#deflater?.forgetSentMessages()
    }
    this.sends.bytesSent += message.payload.length
    this.sends.messagesSent++
    return undefined
  }

  /** Sends a prepared message if no send waits. Returns `false` otherwise, and for a client, which masks every frame with a new key. */
  trySendPrepared(message: PreparedMessage): boolean {
    if (!this.#settings.isServer || !this.sends.isReady) return false
    if (this.writePrepared(message) !== undefined) return false
    this.onWritten()
    return true
  }

  /** Writes a frame without waiting in the queue. */
  writeControl(opcode: number, payload: Buffer): void {
    this.#writer.writeFrame(0x80 | opcode, payload)
    this.onWritten()
  }

  /** Passes written data to the transport immediately, not at the end of the turn. */
  flush(): void {
    this.#writer.flush()
  }

  /** The peer's Close frame if it has arrived behind data that no operation has taken, or a string that says why the frame is invalid. */
  closeFrameAhead(): CloseFrame | string | undefined {
    return this.#reader.closeFrameAhead()
  }

  /** Ignores later incoming data, pongs included. Data that has arrived can still be received. */
  stopReading(toPingError: () => Error): void {
    this.#isReading = false
    this.stopPinging(toPingError)
  }

  stopPinging(toPingError: () => Error): void {
    this.#keepAlive.stop()
    this.#pings?.rejectAll(toPingError)
  }

  /**
   * Rejects all operations that wait for bytes of the peer. If the connection was lost, receives behind the first get `errorBehind`, as in .NET.
   */
  rejectReceives(error: WebSocketException, errorBehind: WebSocketException, isLost: boolean): void {
    this.#isReading = false
    this.#keepAlive.stop()
    if (isLost) this.receives.loseAll(error, errorBehind)
    else this.receives.rejectAll(error)
    this.#pings?.rejectAll(() => error)
    this.#reader.bytes.clear()
  }

  /** Stops writing. Reports when the rest was passed to the transport at the end of the turn. */
  end(): void {
    this.isEnding = true
    this.#keepAlive.stop()
    this.#scheduleTurnEnd()
  }

  /** Passes no more data to the transport. */
  cut(): void {
    this.isEnding = true
    this.#isCut = true
  }

  /** Returns borrowed memory when nothing more can be received. */
  release(): void {
    this.#reader.bytes.clear()
    this.#deflater?.dispose()
    this.#inflater?.dispose()
  }

  // Notifications of the parts.

  get canPing(): boolean {
    return this.#listener.canPing
  }

  get isListening(): boolean {
    return !this.receives.isPaused
  }

  get outflow(): Outflow {
    return outflowOf(this.#transport)
  }

  onPing(payload: Buffer): void {
    if (!this.#listener.canPong) return
    if (this.#writer.isBlocked) this.#waitingPong = payload
    else this.writeControl(Opcode.Pong, payload)
  }

  onPong(payload: Buffer): void {
    const counter = pingNumberOf(payload)
    if (counter === undefined) return
    this.#keepAlive.onPong(counter)
    this.#pings?.onPong(counter)
  }

  sendPing(payload: Buffer): void {
    this.#deflater?.rest(performance.now())
    this.writeControl(Opcode.Ping, payload)
  }

  onDeadPeer(cause: WebSocketException): void {
    this.#listener.onDeadPeer(cause)
  }

  onWritten(): void {
    this.#scheduleTurnEnd()
  }

  onCancelledInFlight(error: WebSocketException): void {
    this.#listener.onCancelledInFlight(error)
  }

  onTooSlow(error: WebSocketException): void {
    this.#listener.onTooSlow(error)
  }

  toSendError(cause: unknown): Error {
    return this.#listener.toSendError(cause)
  }

  onTurnEnd(): void {
    this.#isTurnEndScheduled = false
    if (this.#isCut) return
    this.#writer.flush()
    if (this.isEnding) return this.#listener.onLastFlush()
    if (!this.#hasUnreadBytes) return
    this.#hasUnreadBytes = false
    this.receives.settle()
  }

  // Notifications of the transport.

  onData(chunk: Uint8Array): void {
    if (!this.#isReading) return
    this.#keepAlive.onBytes()
    this.#reader.bytes.push(chunk)
    this.receives.run()
    if (this.#reader.bytes.length > 0) this.#settleAtTurnEnd()
  }

  onBorrowedBytes(bytes: Uint8Array): void {
    try {
      this.onData(bytes)
    } finally {
      // Even after an exception: the next connection that reads reuses this memory.
      this.#reader.bytes.keepLast()
    }
  }

  onDrain(): void {
    const pong = this.#waitingPong
    this.#waitingPong = undefined
    if (pong !== undefined && this.#listener.canPong) this.writeControl(Opcode.Pong, pong)
    this.sends.run()
  }

  onTransportEnd(): void {
    this.#listener.onTransportEnd()
  }

  onTransportError(cause: Error): void {
    this.#listener.onTransportError(cause)
  }

  onTransportClose(): void {
    this.#listener.onTransportClose()
  }

  /** Runs after the pending microtasks, because the application receives the remaining data there, and a tick may run before them. */
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
}
