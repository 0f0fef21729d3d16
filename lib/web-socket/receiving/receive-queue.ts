import type { Duplex } from 'node:stream'
import { FramePosition } from '../frames/frame-reader.ts'
import type { FrameFailure } from '../frames/frame-failure.ts'
import type { FrameReader } from '../frames/frame-reader.ts'
import type { CloseFrame } from '../frames/close-frame.ts'
import { ReceiveClose } from './receive-close.ts'
import { ReceiveDrain } from './receive-drain.ts'
import type { DrainedQueue } from './receive-drain.ts'
import { DiscardIncoming } from './discard-incoming.ts'
import { ReceiveIntoBuffer } from './receive-into-buffer.ts'
import type { WebSocketReceiveResult } from './receive-into-buffer.ts'
import { ReceiveMessage } from './receive-message.ts'
import { PASSED, RECEIVED } from './receive-operation.ts'
import type { ReceiveOperation, WaitingOperation } from './receive-operation.ts'
import { Queue } from '../memory/queue.ts'
import type { InflateListener, MessageInflater } from '../compression/message-inflater.ts'
import { takeIntoBuffer } from './take-into-buffer.ts'
import { takeMessage } from './take-message.ts'
import { WebSocketException } from '../../errors/web-socket-exception.ts'
import type { WebSocketMessage } from './web-socket-message.ts'

/** Is notified by a receive queue. */
export interface ReceiveListener {
  /** An operation has received the peer's Close frame. `isLoop` tells whether a loop ends with it. */
  onClose(closeFrame: CloseFrame, isLoop: boolean): void
  /** The peer's Close frame has arrived behind data that the application has not received yet. */
  onCloseAhead(): void
  /** A loop ends with a Close frame that was already received. */
  onLoopEnd(): void
  /** An operation has reached a frame that breaks the rules. It ends the connection. */
  onFailure(failure: FrameFailure): void
  /** An operation has reached the end of the transport without a Close frame. */
  onPrematureEnd(): void
}

/** How many bytes may wait to be received. Beyond that the transport is paused, and the backpressure of TCP or HTTP/2 stops the peer. */
export const READ_AHEAD_LIMIT = 65_536

/** Serves receive operations in their order from one reader. Pauses the transport while no operation waits. */
export class ReceiveQueue implements DrainedQueue, InflateListener {
  readonly #reader: FrameReader
  readonly #inflater: MessageInflater | undefined
  readonly #duplex: Duplex
  readonly #listener: ReceiveListener
  readonly #waiting = new Queue<WaitingOperation>()
  #isInflating = false
  /** The number of fragments inflated in this turn of the event loop. */
  #inflations = 0
  /** Whether the next operation waits until the code that awaits the previous one has run. */
  #isDeferred = false
  #isCloseDelivered = false
  #isEnded = false
  /** Whether the application has not received for a while. Pings are then answered at once; otherwise in order, as in .NET. */
  #isIdle = false
  #idleTimer: NodeJS.Timeout | undefined
  /** Whether we paused the transport. */
  isPaused = false
  /** The number of unreceived messages that a drain has discarded. */
  unreceived = 0
  /** Whether the application has ever received. */
  hasReceived = false
  #drain: ReceiveDrain | undefined

  constructor(reader: FrameReader, inflater: MessageInflater | undefined, duplex: Duplex, listener: ReceiveListener) {
    this.#reader = reader
    this.#inflater = inflater
    this.#duplex = duplex
    this.#listener = listener
  }

  get isWaiting(): boolean {
    return !this.#waiting.isEmpty
  }

  /** Whether a drain takes the peer's Close frame for the application. */
  get isDraining(): boolean {
    return this.#drain !== undefined
  }

  start<Result>(operation: ReceiveOperation<Result>): Promise<Result> {
    this.#recordReceive()
    const isNext = this.#waiting.isEmpty
    this.#waiting.push(operation)
    if (isNext) this.run()
    return operation.toPromise()
  }

  /** Receives the next whole message. */
  startMessage(maxMessageSize: number): Promise<IteratorResult<WebSocketMessage, undefined>> {
    if (this.isFree()) {
      this.#recordReceive()
      const value = takeMessage(this.#reader, maxMessageSize)
      if (value !== undefined) return Promise.resolve({ done: false, value })
    }
    return this.start(new ReceiveMessage(maxMessageSize))
  }

  /** Receives the next part of a message into `buffer`. */
  startIntoBuffer(buffer: Uint8Array): Promise<WebSocketReceiveResult> {
    if (this.isFree()) {
      this.#recordReceive()
      const frame = takeIntoBuffer(this.#reader, buffer)
      if (frame !== undefined) {
        const { length, messageType } = frame
        // The object is created in the call of resolve, so that V8 knows that it has no `then` and skips the lookup.
        return Promise.resolve({ count: length, messageType, endOfMessage: true, closeStatus: null, closeStatusDescription: null })
      }
    }
    return this.start(new ReceiveIntoBuffer(buffer))
  }

  /** Advances the operations as far as the received bytes allow. */
  run(): void {
    this.#advance()
    if (this.#inflater !== undefined) this.#reader.keepInflated()
  }

  #advance(): void {
    while (!this.#isInflating && !this.#isDeferred) {
      const operation = this.#waiting.first
      if (operation === undefined) {
        this.#drain?.run()
        return
      }
      const step = operation.advance(this.#reader)
      switch (step) {
        case RECEIVED: {
          this.#waiting.shift()
          this.#defer()
          break
        }
        case PASSED: {
          this.#waiting.delete(operation)
          this.#waiting.push(operation)
          break
        }
        case FramePosition.Close: {
          this.#waiting.shift()
          this.#deliverClose(operation)
          break
        }
        case FramePosition.Compressed: {
          this.#inflate()
          break
        }
        case FramePosition.Failed: {
          this.reportFailure()
          return
        }
        case FramePosition.NeedsMore:
        case FramePosition.Data: {
          if (this.#isEnded) this.#listener.onPrematureEnd()
          else this.#resume()
          return
        }
      }
    }
  }

  /** The transport has ended. Data that arrived before can still be received. */
  end(): void {
    this.#isEnded = true
    this.run()
    if (!this.isWaiting && !this.#isInflating && !this.#reader.hasMore()) this.#listener.onPrematureEnd()
  }

  /** Rejects an operation, whether it has started or not. */
  reject(operation: WaitingOperation, error: WebSocketException): void {
    if (this.#waiting.has(operation)) this.#waiting.delete(operation)
    operation.reject(error)
  }

  /** The application has ended the connection: rejects all pending operations. */
  rejectAll(error: WebSocketException): void {
    for (let operation = this.#waiting.shift(); operation !== undefined; operation = this.#waiting.shift()) operation.reject(error)
  }

  /** The connection was lost: the operations behind the first pending one get `errorBehind`. */
  loseAll(error: WebSocketException, errorBehind: WebSocketException): void {
    this.#waiting.shift()?.lose(error)
    for (let operation = this.#waiting.shift(); operation !== undefined; operation = this.#waiting.shift()) operation.lose(errorBehind)
  }

  /** Runs at the end of a turn without a pending operation: looks for control frames, and pauses the transport if too many bytes wait. */
  settle(): void {
    if (this.isWaiting && !this.#isInflating) return
    const arePingsWaiting = this.#reader.readAhead(this.#isIdle)
    if (arePingsWaiting) this.#idleTimer ??= setTimeout(onIdle, MAX_PING_DELAY, this).unref()
    if (this.#reader.isCloseAhead) this.#listener.onCloseAhead()
    this.#reader.bytes.compact()
    if (this.#reader.bytes.length < READ_AHEAD_LIMIT || this.isPaused) return
    this.isPaused = true
    this.#duplex.pause()
  }

  /** The application has not received for {@link MAX_PING_DELAY}. */
  onIdle(): void {
    this.#idleTimer = undefined
    if (this.isWaiting) return
    this.#isIdle = true
    this.#reader.readAhead()
    if (this.#reader.isCloseAhead) this.#listener.onCloseAhead()
    if (this.#reader.bytes.length < READ_AHEAD_LIMIT) this.#resume()
  }

  /** A drain has sent our Close frame. From now on, the drain takes the peer's Close frame if the application does not receive it. */
  startDraining(): void {
    this.#drain ??= new ReceiveDrain(this.#reader, this)
    this.run()
  }

  /** From now on, operations receive no data, but only the peer's Close frame. */
  discardIncoming(): void {
    const operations: WaitingOperation[] = [new DiscardIncoming(() => this.unreceived++)]
    for (let operation = this.#waiting.shift(); operation !== undefined; operation = this.#waiting.shift()) operations.push(operation)
    for (const operation of operations) this.#waiting.push(operation)
    this.run()
  }

  /** Discards unreceived data, and takes the peer's Close frame if it has arrived. */
  passUnreceived(): void {
    if (this.#waiting.isEmpty) void this.start(new ReceiveClose(() => this.unreceived++)).catch(ignore)
  }

  /** Whether an operation that starts now is the next to read. */
  isFree(): boolean {
    return this.#waiting.isEmpty && !this.#isInflating
  }

  isInflating(): boolean {
    return this.#isInflating
  }

  /** Takes the peer's Close frame instead of the application. The reader must be at this frame. */
  takeClose(): void {
    this.#deliverClose(undefined)
  }

  /** Reports that the peer broke the rules. */
  reportFailure(): void {
    if (this.#reader.failure !== undefined) this.#listener.onFailure(this.#reader.failure)
  }

  onInflated(outcome: Buffer | FrameFailure): void {
    this.#isInflating = false
    this.#takeInflated(outcome, false)
    this.run()
  }

  /** Stops all timers. */
  stop(): void {
    clearTimeout(this.#idleTimer)
    this.#drain?.stop()
  }

  #recordReceive(): void {
    this.#isIdle = false
    this.hasReceived = true
    this.#drain?.onReceive()
  }

  #resume(): void {
    if (!this.isPaused) return
    this.isPaused = false
    this.#duplex.resume()
  }

  /** Delays the next operation, if there is one, until the code that awaits this one has run. */
  #defer(): void {
    if (this.#waiting.isEmpty) return
    this.#isDeferred = true
    // A tick may run before the pending microtasks, so it is scheduled by a microtask.
    queueMicrotask(() => process.nextTick(() => this.#continue()))
  }

  #continue(): void {
    this.#isDeferred = false
    this.#inflations = 0
    this.run()
  }

  #deliverClose(operation: WaitingOperation | undefined): void {
    const { closeFrame } = this.#reader
    if (closeFrame === undefined) return
    if (!this.#isCloseDelivered) {
      this.#isCloseDelivered = true
      // After the Close frame only the end of the transport matters, and a paused transport does not report its end.
      this.#reader.bytes.clear()
      this.#resume()
      this.#listener.onClose(closeFrame, operation?.isLoop === true)
      operation?.resolveClose(closeFrame)
      this.#defer()
    } else if (operation?.endsWithDeliveredClose === true) {
      if (operation.isLoop) this.#listener.onLoopEnd()
      operation.resolveClose(closeFrame)
    } else {
      operation?.reject(
        new WebSocketException(
          'ERR_WEBSOCKET_INVALID_STATE',
          "Nothing can be received: an earlier call has received the peer's Close frame",
        ),
      )
    }
  }

  #inflate(): void {
    const { compressedPayload, isFinal } = this.#reader
    if (compressedPayload === undefined || this.#inflater === undefined) return
    if (this.#inflations++ === MAX_INFLATIONS) {
      this.#isDeferred = true
      setImmediate(() => this.#continue())
      return
    }
    const outcome = this.#inflater.inflate(compressedPayload, isFinal, this)
    if (outcome === undefined) this.#isInflating = true
    else this.#takeInflated(outcome, true)
  }

  #takeInflated(outcome: Buffer | FrameFailure, isBorrowed: boolean): void {
    if ('closeStatus' in outcome) this.#reader.fail(outcome)
    else this.#reader.setInflated(outcome, isBorrowed)
  }
}

/** How long a ping may wait until the application receives the data in front of it, in milliseconds. */
const MAX_PING_DELAY = 500

/** How many fragments are inflated in one turn of the event loop: this takes some milliseconds if each inflates to 64 KiB. */
const MAX_INFLATIONS = 64

function ignore(): void {}

function onIdle(queue: ReceiveQueue): void {
  queue.onIdle()
}
