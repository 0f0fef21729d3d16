import type { Duplex } from 'node:stream'
import { inspect } from 'node:util'
import type { InspectOptions } from 'node:util'
import { signalAbortError } from '../errors/abort-error.ts'
import { checkMessageType, checkSignal, invalidArgument, toCloseFrame, toMessageFlags, toPayload, toReceiveBuffer } from './arguments.ts'
import type { WebSocketData } from './arguments.ts'
import type { CloseFrame } from './frames/close-frame.ts'
import type { CompletionListener } from './values/completion-listener.ts'
import { createFromStream } from './create-from-stream.ts'
import type { WebSocketCreationOptions } from './create-from-stream.ts'
import { markHandled } from '../errors/handled-rejection.ts'
import { inspectWebSocket } from './inspect-web-socket.ts'
import { MessageIterator } from './message-iterator.ts'
import { Opcode } from './frames/opcode.ts'
import { PreparedMessage } from './prepared-message.ts'
import { ReceiveClose } from './receiving/receive-close.ts'
import { ReceiveIntoBuffer } from './receiving/receive-into-buffer.ts'
import type { WebSocketReceiveResult } from './receiving/receive-into-buffer.ts'
import type { WebSocketMessage } from './receiving/web-socket-message.ts'
import type { ReceiveOperation } from './receiving/receive-operation.ts'
import { rejectState } from './reject-state.ts'
import { SETTLED } from '../errors/settled.ts'
import type { WebSocketCompletion } from './values/web-socket-completion.ts'
import { WebSocketConnection } from './web-socket-connection.ts'
import type { WebSocketException } from '../errors/web-socket-exception.ts'
import { WebSocketMessageFlags } from './values/web-socket-message-flags.ts'
import { WebSocketMessageType } from './values/web-socket-message-type.ts'
import type { WebSocketSettings } from './values/web-socket-settings.ts'
import { WebSocketState } from './values/web-socket-state.ts'
import type { WebSocketTransport } from './transport/web-socket-transport.ts'

/**
 * One WebSocket with the members of .NET's `System.Net.WebSockets.WebSocket`. The application asks for each message, every operation
 * returns a promise, and the application sees and answers the closing handshake.
 *
 * An unawaited promise does not end the process if it rejects because of the connection, its state or a signal. When a peer vanishes, sends
 * reject, and `completion` reports the reason. An invalid argument is a programming error and causes an ordinary unhandled rejection.
 *
 * @example
 * ```ts
 * app.all('/ws', async (req, res) => {
 *   await using webSocket = await req.webSockets.acceptWebSocketAsync()
 *   for await (const message of webSocket) await webSocket.sendAsync(message)
 * })
 * ```
 */
export class ManagedWebSocket implements AsyncDisposable, Disposable, AsyncIterable<WebSocketMessage> {
  readonly #connection: WebSocketConnection
  #completion: Promise<WebSocketCompletion> | undefined

  /** @internal Applications use `acceptWebSocketAsync()` or {@link ManagedWebSocket.createFromStream}. */
  constructor(transport: WebSocketTransport, settings: WebSocketSettings, completionListener?: CompletionListener) {
    this.#connection = new WebSocketConnection(transport, settings, completionListener)
  }

  /**
   * Creates a WebSocket over a byte stream after the opening handshake, in either role (.NET's `WebSocket.CreateFromStream`).
   * @param stream - a readable and writable `Duplex`. From now on, only the socket may use it.
   * @param options - the role, the negotiated parameters, keep-alive and limits.
   * @example
   * ```ts
   * import { duplexPair } from 'node:stream'
   *
   * const [oneEnd, otherEnd] = duplexPair()
   * const server = ManagedWebSocket.createFromStream(oneEnd, { isServer: true })
   * const client = ManagedWebSocket.createFromStream(otherEnd)
   * await client.sendAsync('hello')
   * for await (const message of server) {
   *   console.log(message)
   *   break
   * }
   * ```
   * @throws {@link WebSocketException} `ERR_WEBSOCKET_INVALID_ARGUMENT` for a stream that cannot be read and written, or an invalid sub-protocol;
   * `ERR_WEBSOCKET_INVALID_OPTION` for any other invalid option.
   */
  static createFromStream(stream: Duplex, options: WebSocketCreationOptions = {}): ManagedWebSocket {
    return createFromStream(stream, options, (transport, settings) => new ManagedWebSocket(transport, settings))
  }

  /** The state of the socket. It follows the frames that the application has received and sent, as in .NET. */
  get state(): WebSocketState {
    return this.#connection.state
  }

  /** The code of the received Close frame; 1000 if the frame had no code; `null` before it was received. */
  get closeStatus(): number | null {
    return this.#connection.closeFrame?.status ?? null
  }

  /** The reason in the received Close frame; `null` before it was received. */
  get closeStatusDescription(): string | null {
    return this.#connection.closeFrame?.description ?? null
  }

  /** The negotiated sub-protocol, or `null`. */
  get subProtocol(): string | null {
    return this.#connection.settings.subProtocol
  }

  /** Whether permessage-deflate was negotiated. */
  get isCompressed(): boolean {
    return this.#connection.settings.compression !== undefined
  }

  /** Bytes that were passed to `sendAsync()` and have not left the process yet. */
  get bufferedAmount(): number {
    return this.#connection.channel.bufferedAmount
  }

  /**
   * Payload bytes of the messages received so far, after decompression. Messages that were discarded while closing count. Control frames do not
   * count. Data that has arrived but that the application has not asked for does not count yet.
   */
  get bytesReceived(): number {
    return this.#connection.channel.bytesReceived
  }

  /** Payload bytes of the messages sent so far, before compression. Messages that still wait in the queue do not count yet. */
  get bytesSent(): number {
    return this.#connection.sends.bytesSent
  }

  /** The number of messages that were received completely so far, counted as `bytesReceived`. */
  get messagesReceived(): number {
    return this.#connection.channel.messagesReceived
  }

  /** The number of messages that were sent completely so far, counted as `bytesSent`. */
  get messagesSent(): number {
    return this.#connection.sends.messagesSent
  }

  /**
   * The round-trip time of the last answered ping, of keep-alive or `pingAsync()`, in milliseconds; `undefined` before the first pong. It
   * includes the time that a pong waits while this process does not read.
   */
  get roundTripTime(): number | undefined {
    return this.#connection.channel.roundTripTime
  }

  /** Resolves when the socket has ended, with a description of how it ended. It never rejects. */
  get completion(): Promise<WebSocketCompletion> {
    this.#completion ??= new Promise((resolve) => {
      this.#connection.whenCompleted(resolve)
    })
    return this.#completion
  }

  /**
   * Receives the next part of a message into `buffer`. It resolves when the buffer is full or a frame has ended. A message may take several
   * calls; `endOfMessage` tells whether it is complete. With an empty buffer, the call waits until there is data to receive. Calls are queued. As in
   * .NET, cancelling a receive aborts the connection, even if the receive still waits in the queue. If the result is a Close frame, the
   * application should answer it within `closeAnswerTimeout`.
   * @param buffer - the memory to fill. Do not use it until the promise is settled.
   * @param signal - cancels the call.
   * @example
   * ```ts
   * const buffer = Buffer.alloc(4096)
   * const { count, endOfMessage } = await webSocket.receiveAsync(buffer)
   * console.log(buffer.toString('utf8', 0, count), endOfMessage)
   * ```
   * @throws {@link WebSocketException} rejects with `ERR_WEBSOCKET_INVALID_ARGUMENT`, `ERR_WEBSOCKET_INVALID_STATE` unless Open or CloseSent,
   * `ERR_WEBSOCKET_PROTOCOL_ERROR` or `ERR_WEBSOCKET_INVALID_PAYLOAD` if the peer broke the rules, `ERR_WEBSOCKET_MESSAGE_TOO_BIG` if a compressed
   * message is longer than `maxMessageSize`, `ERR_WEBSOCKET_RATE_LIMIT_EXCEEDED` if the peer exceeds a `rateLimit` that closes,
   * `ERR_WEBSOCKET_CLOSED_PREMATURELY` if the connection ended without a Close frame, `ABORT_ERR` if cancelled or aborted.
   */
  receiveAsync(buffer: ArrayBuffer | SharedArrayBuffer | NodeJS.ArrayBufferView, signal?: AbortSignal): Promise<WebSocketReceiveResult> {
    let target: Uint8Array
    try {
      target = toReceiveBuffer(buffer)
      checkSignal(signal)
    } catch (error) {
      return Promise.reject(error)
    }
    const { state } = this
    if (state !== WebSocketState.Open && state !== WebSocketState.CloseSent) return rejectState(this.#connection, 'Open, CloseSent')
    if (signal === undefined) return this.#connection.receives.startIntoBuffer(target)
    return this.#receive(new ReceiveIntoBuffer(target), signal)
  }

  /**
   * Sends data as one frame: a string as text, bytes as binary, unless `messageType` says otherwise. The promise resolves when the caller may
   * reuse the memory of the data. It waits while the peer reads too slowly (backpressure). Calls are queued in their order. Cancelling a send that
   * waits in the queue has no effect on the socket. Cancelling a send that is already being written aborts the socket.
   * @param data - a message, a part of a message, or a message of `prepareMessage()`. A prepared message ignores type and flags.
   * @param messageType - defaults to the type of `data`. A continuation ignores it.
   * @param endOfMessageOrFlags - defaults to `true`. With `false`, or flags without `EndOfMessage`, the next send continues the message.
   * @param signal - cancels the call.
   * @example
   * ```ts
   * await webSocket.sendAsync('a message')
   * await webSocket.sendAsync('one ', WebSocketMessageType.Text, false)
   * await webSocket.sendAsync('message', WebSocketMessageType.Text)
   * ```
   * @throws {@link WebSocketException} rejects with `ERR_WEBSOCKET_INVALID_ARGUMENT`, `ERR_WEBSOCKET_INVALID_STATE` unless Open or CloseReceived,
   * `ERR_WEBSOCKET_CLOSED_PREMATURELY` if the connection ended first, `ERR_WEBSOCKET_TOO_SLOW` if the waiting sends would exceed
   * `maxBufferedAmount`, `ABORT_ERR` if cancelled or aborted.
   */
  sendAsync(
    data: WebSocketData | PreparedMessage,
    messageType?: WebSocketMessageType,
    endOfMessageOrFlags: boolean | WebSocketMessageFlags = true,
    signal?: AbortSignal,
  ): Promise<void> {
    const type: unknown = messageType ?? (typeof data === 'string' ? WebSocketMessageType.Text : WebSocketMessageType.Binary)
    if (endOfMessageOrFlags === true && signal === undefined && this.#trySend(data, type)) return SETTLED
    let payload: string | Uint8Array
    let flags: WebSocketMessageFlags
    const { sends, state } = this.#connection
    try {
      checkSignal(signal)
      if (data instanceof PreparedMessage) return this.#sendPrepared(data, signal)
      checkMessageType(type)
      flags = toMessageFlags(endOfMessageOrFlags)
      payload = toPayload(data)
    } catch (error) {
      return Promise.reject(error)
    }
    if (state !== WebSocketState.Open && state !== WebSocketState.CloseReceived) return rejectState(this.#connection, 'Open, CloseReceived')
    const isCompressionDisabled = (flags & WebSocketMessageFlags.DisableCompression) !== 0
    // As in .NET, this argument is checked after the state, unlike the others.
    if ((sends.unfinishedMessage?.isCompressionDisabled ?? isCompressionDisabled) !== isCompressionDisabled) {
      return Promise.reject(invalidArgument('messageFlags', 'must have the same DisableCompression in all fragments of a message', flags))
    }
    const opcode = type === WebSocketMessageType.Text ? Opcode.Text : Opcode.Binary
    const isFinal = (flags & WebSocketMessageFlags.EndOfMessage) !== 0
    return sends.sendFrame({ payload, opcode, isFinal, isCompressionDisabled }, signal)
  }

  /**
   * Sends a Close frame, discards data until the peer's Close frame arrives, and ends the connection. In state CloseReceived, it answers the
   * peer's Close frame. If the peer does not answer within `closeTimeout`, the connection is aborted.
   * @param closeStatus - 1000 to 1003, 1007 to 1014, or 3000 to 4999. Without it the frame has no code, as with `close()` in a browser, and the
   * peer sees 1005.
   * @param statusDescription - at most 123 bytes of UTF-8. Defaults to `''`.
   * @param signal - cancels the call.
   * @throws {@link WebSocketException} rejects with `ERR_WEBSOCKET_INVALID_ARGUMENT`, `ERR_WEBSOCKET_INVALID_STATE` unless Open, CloseSent or
   * CloseReceived, `ERR_WEBSOCKET_CLOSED_PREMATURELY` if the peer ends the connection or does not answer, `ABORT_ERR` if cancelled. Cancelling
   * has no effect on the socket before the Close frame was sent, and aborts the connection after that.
   */
  closeAsync(closeStatus?: number, statusDescription?: string | null, signal?: AbortSignal): Promise<void> {
    return withCloseFrame(closeStatus, statusDescription, signal, (closeFrame) => markHandled(this.#close(closeFrame, signal)))
  }

  /**
   * Sends a Close frame and does not wait for the peer's. Continue to receive until the peer's Close frame arrives. In state CloseReceived, it
   * answers the peer's Close frame and ends the connection. Arguments and errors are those of `closeAsync()`, but state CloseSent is not allowed.
   * @param closeStatus - as for `closeAsync()`.
   * @param statusDescription - at most 123 bytes of UTF-8. Defaults to `''`.
   * @param signal - cancels the call.
   */
  closeOutputAsync(closeStatus?: number, statusDescription?: string | null, signal?: AbortSignal): Promise<void> {
    return withCloseFrame(closeStatus, statusDescription, signal, (closeFrame) => this.#closeOutput(closeFrame, signal))
  }

  /** Aborts the connection at once. Pending operations reject with `ABORT_ERR`. Has no effect on a socket that is Closed or Aborted. */
  abort(): void {
    this.#connection.abort()
  }

  /** Ends the connection without a Close frame (the peer sees 1006). Destroys the connection if it was aborted. */
  dispose(): void {
    this.#connection.dispose()
  }

  /** Calls `dispose()`, for `using`. */
  [Symbol.dispose](): void {
    this.dispose()
  }

  /**
   * For `await using`: closes the socket in order and waits at most `closeTimeout` for the end of the connection. It answers a received Close
   * frame with the same code. It closes an open socket as `closeAsync()` without a code does, and the peer sees 1005: the method cannot know
   * whether a `return` or a `throw` has left the block. To send a code, call `closeAsync()` first.
   */
  async [Symbol.asyncDispose](): Promise<void> {
    const closeFrame = this.#connection.ownCloseFrame
    // `completion` reports how it ends.
    await this.#close(closeFrame, undefined).catch(ignoreError)
    await this.completion
  }

  /**
   * Sends a ping and resolves with the time until its pong, in milliseconds. It works without a pending receive.
   * @param signal - stops waiting for the pong.
   * @throws {@link WebSocketException} rejects with `ERR_WEBSOCKET_INVALID_STATE` unless Open, or if the peer closes first (no pong may follow
   * its Close frame); with `ABORT_ERR` if cancelled, without an effect on the socket; with `ERR_WEBSOCKET_CLOSED_PREMATURELY` if the connection
   * ends first.
   */
  pingAsync(signal?: AbortSignal): Promise<number> {
    try {
      checkSignal(signal)
    } catch (error) {
      return Promise.reject(error)
    }
    if (!this.#connection.canPing) return rejectState(this.#connection, 'Open')
    return this.#connection.channel.pings.ping(signal)
  }

  /**
   * Receives whole messages of at most `maxMessageSize` bytes; a longer message closes the socket with 1009. The loop ends without an error when
   * the peer closes, vanishes or breaks the rules. `completion` tells which of these happened, and `closeStatus` is `null` without a Close frame.
   * Leaving the loop early does not change the socket.
   *
   * After the application calls `abort()` or `dispose()`, the loop throws `ABORT_ERR`, `ERR_WEBSOCKET_CLOSED_PREMATURELY` or
   * `ERR_WEBSOCKET_INVALID_STATE`.
   */
  [Symbol.asyncIterator](): AsyncIterator<WebSocketMessage, undefined> {
    return new MessageIterator(this.#connection)
  }

  /** @internal Whether messages wait for the compression of another one, and not for the peer. */
  get isDeflating(): boolean {
    return this.#connection.sends.isDeflating
  }

  /** @internal The number of messages that a drain has discarded. */
  get unreceived(): number {
    return this.#connection.receives.unreceived
  }

  /** @internal Sends a Close frame. The application can still receive the messages that arrive before the peer's Close frame. */
  drain(closeStatus: number, statusDescription: string): void {
    this.#connection.drain({ status: closeStatus, description: statusDescription })
  }

  /** @internal From now on, the application receives no data, but only the peer's Close frame. */
  discardIncoming(): void {
    if (this.state < WebSocketState.CloseReceived) this.#connection.receives.discardIncoming()
  }

  /** @internal Aborts the connection because the peer reads too slowly. */
  abortTooSlow(error: WebSocketException): void {
    this.#connection.onTooSlow(error)
  }

  /** @internal Discards unreceived messages, up to the peer's Close frame if it has arrived. */
  passUnreceived(): void {
    if (this.state < WebSocketState.Closed) this.#connection.receives.passUnreceived()
  }

  /** @internal The output of `console.log`. */
  [inspect.custom](depth: number, options: InspectOptions): string {
    return inspectWebSocket(this.#connection, depth, options)
  }

  #receive<Result>(operation: ReceiveOperation<Result>, signal: AbortSignal | undefined): Promise<Result> {
    const { receives } = this.#connection
    if (signal === undefined) return receives.start(operation)
    const onAbort = (): void => {
      const error = signalAbortError(signal)
      receives.reject(operation, error)
      this.#connection.abort(error)
    }
    if (signal.aborted) onAbort()
    else signal.addEventListener('abort', onAbort, { once: true })
    if (signal.aborted) return operation.toPromise()
    const received = receives.start(operation)
    const release = (): void => signal.removeEventListener('abort', onAbort)
    received.then(release, release)
    return received
  }

  /** The fast path for a message that is whole, uncompressed and without a signal. */
  #trySend(data: WebSocketData | PreparedMessage, type: unknown): boolean {
    const connection = this.#connection
    if (connection.state !== WebSocketState.Open && connection.state !== WebSocketState.CloseReceived) return false
    if (typeof data !== 'string' && !(data instanceof Uint8Array))
      return data instanceof PreparedMessage && connection.channel.trySendPrepared(data)
    if (type !== WebSocketMessageType.Text && type !== WebSocketMessageType.Binary) return false
    return connection.sends.trySendMessage(data, type === WebSocketMessageType.Text ? Opcode.Text : Opcode.Binary)
  }

  /** Whether the Close frame was answered automatically, so that a later close by the application has nothing to do. */
  #isClosedForApplication(): boolean {
    const { isAnsweredForApplication, state } = this.#connection
    return isAnsweredForApplication && state !== WebSocketState.Aborted
  }

  #sendPrepared(message: PreparedMessage, signal: AbortSignal | undefined): Promise<void> {
    const { sends, settings, state } = this.#connection
    if (sends.unfinishedMessage !== undefined) {
      return Promise.reject(
        invalidArgument('data', 'must not be a prepared message before the last fragment of the current message', message),
      )
    }
    if (state !== WebSocketState.Open && state !== WebSocketState.CloseReceived) return rejectState(this.#connection, 'Open, CloseReceived')
    // A client masks every frame with a new key.
    if (!settings.isServer) return sends.sendFrame(message, signal)
    return sends.sendWith(() => this.#connection.channel.writePrepared(message), message.frame.length, signal)
  }

  #closeOutput(closeFrame: CloseFrame, signal: AbortSignal | undefined): Promise<void> {
    const { state } = this
    if (state === WebSocketState.Open || state === WebSocketState.CloseReceived) return this.#connection.sendClose(closeFrame, signal)
    return this.#isClosedForApplication() ? SETTLED : rejectState(this.#connection, 'Open, CloseReceived')
  }

  async #close(closeFrame: CloseFrame, signal: AbortSignal | undefined): Promise<void> {
    const { state } = this
    if (state >= WebSocketState.Closed) {
      return this.#isClosedForApplication() ? SETTLED : rejectState(this.#connection, 'Open, CloseSent, CloseReceived')
    }
    if (state !== WebSocketState.CloseSent) await this.#connection.sendClose(closeFrame, signal)
    const stateAfter = this.state
    if (stateAfter === WebSocketState.Open || stateAfter === WebSocketState.CloseSent) await this.#receive(new ReceiveClose(), signal)
  }
}

/** Checks the arguments of a close, and continues with the resulting Close frame. */
function withCloseFrame(
  closeStatus: number | undefined,
  statusDescription: string | null | undefined,
  signal: AbortSignal | undefined,
  close: (closeFrame: CloseFrame) => Promise<void>,
): Promise<void> {
  let closeFrame: CloseFrame
  try {
    closeFrame = toCloseFrame(closeStatus, statusDescription)
    checkSignal(signal)
  } catch (error) {
    return Promise.reject(error)
  }
  return close(closeFrame)
}

function ignoreError(): void {}
