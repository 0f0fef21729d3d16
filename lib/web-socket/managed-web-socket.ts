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
 * One WebSocket, member by member as .NET's `System.Net.WebSockets.WebSocket`: nothing is received that nobody asked for, every
 * operation is a promise, and the Close handshake is the application's to see and to answer.
 *
 * A promise that nobody awaits does not end the process when it rejects because of the connection, its state, or a signal: a peer that vanishes
 * rejects sends, and is reported by `completion`. A wrong argument is a mistake of the program, and is as loud as every unhandled rejection.
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

  /** @internal Applications get theirs from `acceptWebSocketAsync()` or {@link ManagedWebSocket.createFromStream}. */
  constructor(transport: WebSocketTransport, settings: WebSocketSettings, completionListener?: CompletionListener) {
    this.#connection = new WebSocketConnection(transport, settings, completionListener)
  }

  /**
   * Makes a WebSocket over any byte stream whose opening handshake is done, in either role (.NET's `WebSocket.CreateFromStream`).
   * @param stream - a `Duplex` that can be read and written; it belongs to the socket from now on.
   * @param options - the role, what was agreed in the handshake, keep-alive and limits.
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
   * @throws {@link WebSocketException} `ERR_WEBSOCKET_INVALID_ARGUMENT` for a stream that cannot be read and written, or a bad option.
   */
  static createFromStream(stream: Duplex, options: WebSocketCreationOptions = {}): ManagedWebSocket {
    return createFromStream(stream, options, (transport, settings) => new ManagedWebSocket(transport, settings))
  }

  /** Where the socket is in its life. It follows what the application has received and sent, as in .NET. */
  get state(): WebSocketState {
    return this.#connection.state
  }

  /** The code of the peer's Close frame, once it was received; 1000 if it had none; else `null`. */
  get closeStatus(): number | null {
    return this.#connection.closeFrame?.status ?? null
  }

  /** The reason of the peer's Close frame, once it was received; else `null`. */
  get closeStatusDescription(): string | null {
    return this.#connection.closeFrame?.description ?? null
  }

  /** The sub-protocol that was agreed on, or `null`. */
  get subProtocol(): string | null {
    return this.#connection.settings.subProtocol
  }

  /** Whether permessage-deflate was agreed on. */
  get isCompressed(): boolean {
    return this.#connection.settings.compression !== undefined
  }

  /** Bytes that were given to `sendAsync` and have not left the process. */
  get bufferedAmount(): number {
    return this.#connection.channel.bufferedAmount
  }

  /**
   * Bytes of the messages that were received so far: of their payload, after decompression. What was passed over while closing counts, control frames
   * do not, and what has arrived and was not asked for does not yet.
   */
  get bytesReceived(): number {
    return this.#connection.channel.bytesReceived
  }

  /** Bytes of the messages that were sent so far: of their payload, before compression. What waits for its turn does not count yet. */
  get bytesSent(): number {
    return this.#connection.sends.bytesSent
  }

  /** How many messages were received to their end so far, counted as `bytesReceived`. */
  get messagesReceived(): number {
    return this.#connection.channel.messagesReceived
  }

  /** How many messages were sent to their end so far, counted as `bytesSent`. */
  get messagesSent(): number {
    return this.#connection.sends.messagesSent
  }

  /**
   * Milliseconds that the last ping took that was answered, one of keep-alive or of `pingAsync()`; `undefined` before the first. While this process does not
   * read, a pong waits, and that counts.
   */
  get roundTripTime(): number | undefined {
    return this.#connection.channel.roundTripTime
  }

  /** Resolves, and never rejects, when nothing more can happen on the socket: with how it ended. */
  get completion(): Promise<WebSocketCompletion> {
    this.#completion ??= new Promise((resolve) => {
      this.#connection.whenCompleted(resolve)
    })
    return this.#completion
  }

  /**
   * Receives the next part of a message into `buffer`: resolves when the buffer is full or a frame has ended. A message may take
   * several calls; `endOfMessage` tells. With an empty buffer, waits until there is something to receive.
   * Calls queue. As in .NET, cancelling a receive, even one that only waits, aborts the connection. A Close frame that it resolves with is the
   * application's to answer, within `closeAnswerTimeout`.
   * @param buffer - what to fill; it must be left alone until the promise is settled.
   * @param signal - cancels.
   * @example
   * ```ts
   * const buffer = Buffer.alloc(4096)
   * const { count, endOfMessage } = await webSocket.receiveAsync(buffer)
   * console.log(buffer.toString('utf8', 0, count), endOfMessage)
   * ```
   * @throws {@link WebSocketException} rejects with `ERR_WEBSOCKET_INVALID_STATE` unless Open or CloseSent,
   * `ERR_WEBSOCKET_PROTOCOL_ERROR` or `ERR_WEBSOCKET_INVALID_PAYLOAD` if the peer broke the rules,
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
   * Sends data as one frame: a string as text, bytes as binary, unless `messageType` says otherwise. Resolves when the data was taken and
   * its memory is the caller's again; waits while the peer reads more slowly than we send. Calls queue, first in, first out.
   * Cancelling a send that waits has no effect on the socket; cancelling one whose bytes are on their way aborts it.
   * @param data - a message, or a part of one; or a message of `prepareMessage()`, for which type and flags are ignored.
   * @param messageType - default: by the type of `data`. Of a continuation, it is ignored.
   * @param endOfMessageOrFlags - default `true`. `false`, or flags without `EndOfMessage`: the message goes on with the next send.
   * @param signal - cancels.
   * @example
   * ```ts
   * await webSocket.sendAsync('a message')
   * await webSocket.sendAsync('one ', WebSocketMessageType.Text, false)
   * await webSocket.sendAsync('message', WebSocketMessageType.Text)
   * ```
   * @throws {@link WebSocketException} rejects with `ERR_WEBSOCKET_INVALID_ARGUMENT`, `ERR_WEBSOCKET_INVALID_STATE` unless Open or CloseReceived,
   * `ERR_WEBSOCKET_CLOSED_PREMATURELY` if the connection ended first, `ABORT_ERR` if cancelled or aborted.
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
    // After the state, unlike the other arguments, as in .NET.
    if ((sends.unfinishedMessage?.isCompressionDisabled ?? isCompressionDisabled) !== isCompressionDisabled) {
      return Promise.reject(invalidArgument('messageFlags', 'must have the same DisableCompression in all fragments of a message', flags))
    }
    const opcode = type === WebSocketMessageType.Text ? Opcode.Text : Opcode.Binary
    const isFinal = (flags & WebSocketMessageFlags.EndOfMessage) !== 0
    return sends.sendFrame({ payload, opcode, isFinal, isCompressionDisabled }, signal)
  }

  /**
   * Sends a Close frame, passes over data until the peer's arrives, and ends the connection. In state CloseReceived, answers the peer's.
   * Never hangs: after `closeTimeout` without an answer the connection is aborted.
   * @param closeStatus - 1000 to 1003, 1007 to 1014, or 3000 to 4999. Without one, the frame has no code, as of `close()` of a browser: the
   * peer sees 1005.
   * @param statusDescription - at most 123 bytes of UTF-8. Default: `''`.
   * @param signal - cancels.
   * @throws {@link WebSocketException} rejects with `ERR_WEBSOCKET_INVALID_ARGUMENT`, `ERR_WEBSOCKET_INVALID_STATE` unless Open, CloseSent or
   * CloseReceived, `ERR_WEBSOCKET_CLOSED_PREMATURELY` if the peer ends the connection or does not answer, `ABORT_ERR` if cancelled:
   * without effect before the Close frame was sent, aborting the connection after.
   */
  closeAsync(closeStatus?: number, statusDescription?: string | null, signal?: AbortSignal): Promise<void> {
    return withCloseFrame(closeStatus, statusDescription, signal, (closeFrame) => markHandled(this.#close(closeFrame, signal)))
  }

  /**
   * Sends a Close frame and does not wait for the peer's: receive until it comes. In state CloseReceived, answers the peer's and ends the
   * connection. Arguments and errors as `closeAsync`; not allowed in state CloseSent.
   * @param closeStatus - as of `closeAsync`.
   * @param statusDescription - at most 123 bytes of UTF-8. Default: `''`.
   * @param signal - cancels.
   */
  closeOutputAsync(closeStatus?: number, statusDescription?: string | null, signal?: AbortSignal): Promise<void> {
    return withCloseFrame(closeStatus, statusDescription, signal, (closeFrame) => this.#closeOutput(closeFrame, signal))
  }

  /** Cuts the connection at once. What waits rejects with `ABORT_ERR`. Does nothing to a socket that is Closed or Aborted. */
  abort(): void {
    this.#connection.abort()
  }

  /** Gives the socket up: ends the connection without a Close frame (the peer sees 1006); cuts it if it was aborted. */
  dispose(): void {
    this.#connection.dispose()
  }

  /** `dispose()`, for `using`. */
  [Symbol.dispose](): void {
    this.dispose()
  }

  /**
   * For `await using`: ends the conversation in order, and waits for the end of the connection, at most `closeTimeout`. A received Close frame is
   * answered as it came. An open socket is closed as by `closeAsync()` without a code, since whether the block was left by a `return` or by a
   * `throw` cannot be known here: the peer sees 1005. To tell it more, call `closeAsync()` first.
   */
  async [Symbol.asyncDispose](): Promise<void> {
    const closeFrame = this.#connection.ownCloseFrame
    // How it ends is in the completion.
    await this.#close(closeFrame, undefined).catch(ignoreError)
    await this.completion
  }

  /**
   * Sends a ping; resolves with the time until its pong, in milliseconds. Needs no receive to be pending.
   * @param signal - cancels the waiting.
   * @throws {@link WebSocketException} rejects with `ERR_WEBSOCKET_INVALID_STATE` unless Open, or if the peer closes first (no pong may follow
   * its Close frame); with `ABORT_ERR` if cancelled, without an effect on the socket; with `ERR_WEBSOCKET_CLOSED_PREMATURELY` if the connection ends first.
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
   * Receives whole messages, at most `maxMessageSize` each (else the peer is told 1009), until the conversation ends: the loop ends, and throws
   * nothing, when the peer closes, vanishes or breaks the rules. Which of them it was is in `completion`, and `closeStatus` is `null` without
   * a Close frame. Leaving the loop leaves the socket as it is.
   *
   * After `abort()` or `dispose()` of the application itself, it throws `ABORT_ERR`, `ERR_WEBSOCKET_CLOSED_PREMATURELY` or
   * `ERR_WEBSOCKET_INVALID_STATE`.
   */
  [Symbol.asyncIterator](): AsyncIterator<WebSocketMessage, undefined> {
    return new MessageIterator(this.#connection)
  }

  /** @internal How many messages a drain has passed over. */
  get unreceived(): number {
    return this.#connection.receives.unreceived
  }

  /** @internal Sends a Close frame, and leaves what comes before the peer's to the application. */
  drain(closeStatus: number, statusDescription: string): void {
    this.#connection.drain({ status: closeStatus, description: statusDescription })
  }

  /** @internal Cuts the connection, since its peer reads too slowly for those who send to it. */
  abortTooSlow(error: WebSocketException): void {
    this.#connection.onTooSlow(error)
  }

  /** @internal Passes over what the application has not received, to the peer's Close frame if it is there. */
  passUnreceived(): void {
    if (this.state < WebSocketState.Closed) this.#connection.receives.passUnreceived()
  }

  /** @internal What `console.log` shows: the state by name, sub-protocol, address, what waits to be sent, and how it ended. */
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

  /** The short way of a message that is whole, plain and not cancelled. */
  #trySend(data: WebSocketData | PreparedMessage, type: unknown): boolean {
    const connection = this.#connection
    if (connection.state !== WebSocketState.Open && connection.state !== WebSocketState.CloseReceived) return false
    if (typeof data !== 'string' && !(data instanceof Uint8Array))
      return data instanceof PreparedMessage && connection.channel.trySendPrepared(data)
    if (type !== WebSocketMessageType.Text && type !== WebSocketMessageType.Binary) return false
    return connection.sends.trySendMessage(data, type === WebSocketMessageType.Text ? Opcode.Text : Opcode.Binary)
  }

  /** Whether the Close frame was answered for the application, so that its own, later close is already done. */
  #isClosedForApplication(): boolean {
    const { isAnsweredForApplication, state } = this.#connection
    return isAnsweredForApplication && state !== WebSocketState.Aborted
  }

  #sendPrepared(message: PreparedMessage, signal: AbortSignal | undefined): Promise<void> {
    const { sends, settings, state } = this.#connection
    if (sends.unfinishedMessage !== undefined) {
      return Promise.reject(invalidArgument('data', 'must not be a prepared message while a fragmented message is not ended', message))
    }
    if (state !== WebSocketState.Open && state !== WebSocketState.CloseReceived) return rejectState(this.#connection, 'Open, CloseReceived')
    // A client masks every frame anew.
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

/** Checks the arguments of a close, and goes on with the Close frame that they make. */
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
