import { signalAbortError } from '../../errors/abort-error.ts'
import { connectionError } from '../../errors/connection-error.ts'
import type { FrameWriter } from '../frames/frame-writer.ts'
import { handledRejection, markHandled } from '../../errors/handled-rejection.ts'
import type { MessageDeflater } from '../compression/message-deflater.ts'
import { InFlightSends } from './in-flight-sends.ts'
import type { Settle } from './in-flight-sends.ts'
import { Opcode } from '../frames/opcode.ts'
import { Queue } from '../memory/queue.ts'
import type { Queueable } from '../memory/queue.ts'
import { SETTLED } from '../../errors/settled.ts'
import type { WebSocketException } from '../../errors/web-socket-exception.ts'

/** A frame to send. */
export interface OutgoingFrame {
  readonly payload: Uint8Array | string
  /** `Opcode.Text` or `Opcode.Binary`. A frame that continues a message is sent as a continuation in any case. */
  readonly opcode: number
  readonly isFinal: boolean
  readonly isCompressionDisabled: boolean
}

/** The connection as a send queue sees it. */
export interface SendListener {
  /** Data was written. It leaves at the end of the turn. */
  onWritten(): void
  /** A send was cancelled while it was being written, so half a frame may have left. Also aborts this queue. */
  onCancelledInFlight(error: Error): void
  /** The error of a write that failed. */
  toSendError(cause: unknown): Error
  /** The waiting sends would exceed their limit. Also aborts this queue. */
  onTooSlow(error: WebSocketException): void
}

/** Produces what is written next, at some later time. */
export type Preparation = (callback: (error: Error | undefined, prepared: Uint8Array | undefined) => void) => void

/** Sends frames in their order. Waits while the transport is full or the deflater is busy. */
export class SendQueue {
  /** The payload bytes framed so far, before compression. */
  bytesSent = 0
  /** The number of messages framed completely so far. */
  messagesSent = 0
  readonly #writer: FrameWriter
  readonly #deflater: MessageDeflater | undefined
  readonly #listener: SendListener
  /** How many bytes of memory may wait before a peer is too slow. One message may exceed it. */
  readonly #maxBufferedAmount: number
  #waiting = EMPTY_QUEUE
  #isDeflating = false
  /** The previous frame if its message continues. */
  #unfinished: UnfinishedMessage | undefined
  /** Whether the current message is compressed. */
  #isMessageCompressed = false
  #waitingBytes = 0
  /** The memory of the waiting sends, including their objects. */
  #waitingMemory = 0
  #isRunDeferred = false
  #deflatingBytes = 0
  /** Created when the first send cannot be settled at once. */
  #inFlight: InFlightSends | undefined
  /** Creates the error that explains why sending has stopped. */
  #toClosedError: (() => Error) | undefined

  constructor(writer: FrameWriter, deflater: MessageDeflater | undefined, listener: SendListener, maxBufferedAmount: number) {
    this.#maxBufferedAmount = maxBufferedAmount
    this.#writer = writer
    this.#deflater = deflater
    this.#listener = listener
  }

  /** Bytes that were not passed to the writer yet. */
  get pendingBytes(): number {
    return this.#waitingBytes + this.#deflatingBytes
  }

  /** The first known frame of the message that the next frame continues; `undefined` between messages. */
  get unfinishedMessage(): UnfinishedMessage | undefined {
    const { last } = this.#waiting
    return last === undefined ? this.#unfinished : last.unfinished
  }

  /** Whether a whole message could be written at once. */
  get isReady(): boolean {
    return this.#unfinished === undefined && !this.#mustWait()
  }

  /**
   * Fast path: writes a whole message if no send waits, without an object for a frame and without a promise. Returns `false` if the message needs the
   * slow path.
   */
  trySendMessage(message: string | Uint8Array, opcode: number): boolean {
    if (!this.isReady) return false
    const deflater = this.#deflater
    if (deflater !== undefined && isLongEnough(message, deflater.threshold)) {
      const compressed = deflater.compressNow(message, true)
      if (compressed === undefined) return false
      this.#writer.writeFrame(0xc0 | opcode, compressed)
      this.bytesSent += byteLength(message)
    } else if (typeof message === 'string') {
      this.bytesSent += this.#writer.writeText(0x80 | opcode, message)
    } else if (this.#writer.isCopying(message.length)) {
      this.#writer.writeFrame(0x80 | opcode, message)
      this.bytesSent += message.length
    } else return false
    this.messagesSent++
    this.#listener.onWritten()
    return true
  }

  sendFrame(frame: OutgoingFrame, signal: AbortSignal | undefined): Promise<void> {
    if (signal?.aborted === true) return handledRejection(signalAbortError(signal))
    if (this.#mustWait()) return this.#wait(frame, undefined, byteLength(frame.payload), signal)
    return this.#startFrame(frame, signal)
  }

  /** Whether it waits for the compression of a message, and not for the peer. */
  get isDeflating(): boolean {
    return this.#isDeflating
  }

  /**
   * Runs `write` when its turn has come. It must write only whole frames. If it cannot do so yet, it returns what has to be done first, and runs
   * again when that is done.
   */
  sendWith(write: Write, length: number, signal: AbortSignal | undefined): Promise<void> {
    if (signal?.aborted === true) return handledRejection(signalAbortError(signal))
    if (this.#mustWait()) return this.#wait(undefined, write, length, signal)
    return this.#startWrite(write, length, signal)
  }

  /** Resolves when all data that was sent so far has left or can no longer leave; `undefined` if nothing waits. */
  whenSent(): Promise<void> | undefined {
    if (this.#mustWait()) return this.#wait(undefined, undefined, 0, undefined)
    return this.#inFlight?.whenEmpty()
  }

  /** Continues when the transport has room again. It works in portions, because many waiting messages would block the event loop. */
  run(): void {
    let portion = 0
    while (!this.#isDeflating && !this.#writer.isBlocked) {
      if (portion >= MAX_SENDS_PER_TURN) return this.#deferRun()
      const send = this.#waiting.shift()
      if (send === undefined) return
      this.#onRemoved(send)
      const { frame, length, signal, write } = send
      if (frame === undefined) {
        const written = write === undefined ? SETTLED : this.#startWrite(write, length, signal)
        if (written === SETTLED) send.resolve()
        else written.then(send.resolve, send.reject)
      } else {
        this.#startFrame(frame, signal).then(send.resolve, send.reject)
      }
      portion += this.#isMessageCompressed ? COMPRESSED_SEND_COST : 1
    }
  }

  /** Stops sending and rejects waiting sends. Written data still leaves. The error is created only if needed, because its stack is expensive. */
  close(toError: () => Error): void {
    this.#toClosedError ??= toError
    if (this.#waiting.isEmpty) return
    const error = toError()
    for (let send = this.#waiting.shift(); send !== undefined; send = this.#waiting.shift()) {
      this.#onRemoved(send)
      send.reject(error)
    }
  }

  /** Stops sending, and does not expect written data to leave. */
  abort(error: Error): void {
    this.close(() => error)
    this.#inFlight?.rejectAll(error)
  }

  #mustWait(): boolean {
    return this.#isDeflating || !this.#waiting.isEmpty || this.#writer.isBlocked
  }

  #startWrite(write: Write, length: number, signal: AbortSignal | undefined): Promise<void> {
    const preparation = write()
    if (preparation !== undefined) return this.#deflate(length, signal, preparation, write)
    this.#listener.onWritten()
    return SETTLED
  }

  #startFrame(frame: OutgoingFrame, signal: AbortSignal | undefined): Promise<void> {
    const isFirst = this.#unfinished === undefined
    if (isFirst) this.#isMessageCompressed = this.#isWorthCompressing(frame)
    this.#unfinished = frame.isFinal ? undefined : frame
    if (frame.isFinal) this.messagesSent++
    const firstByte =
      (frame.isFinal ? 0x80 : 0) | (isFirst && this.#isMessageCompressed ? 0x40 : 0) | (isFirst ? frame.opcode : Opcode.Continuation)
    const { payload } = frame
    if (this.#isMessageCompressed && this.#deflater !== undefined) {
      const compressed = this.#deflater.compressNow(payload, frame.isFinal)
      if (compressed === undefined) return this.#deflateFrame(this.#deflater, firstByte, frame, signal)
      this.#writer.writeFrame(firstByte, compressed)
      this.bytesSent += byteLength(payload)
    } else if (typeof payload === 'string') {
      this.bytesSent += this.#writer.writeText(firstByte, payload)
    } else if (this.#writer.isCopying(payload.length)) {
      this.#writer.writeFrame(firstByte, payload)
      this.bytesSent += payload.length
    } else {
      this.bytesSent += payload.length
      return this.#writeLargeFrame(firstByte, payload, signal)
    }
    this.#listener.onWritten()
    return SETTLED
  }

  #isWorthCompressing({ payload, isFinal, isCompressionDisabled }: OutgoingFrame): boolean {
    if (this.#deflater === undefined || isCompressionDisabled) return false
    // The length of a fragmented message is unknown.
    return !isFinal || isLongEnough(payload, this.#deflater.threshold)
  }

  /** The payload is not copied. The caller may reuse it after it has left. */
  #writeLargeFrame(firstByte: number, payload: Uint8Array, signal: AbortSignal | undefined): Promise<void> {
    return this.#whenSettled(signal, (settle) => {
      this.#writer.writeFrame(firstByte, payload, (error) => settle(this.#toSendError(error)))
    })
  }

  #deflateFrame(deflater: MessageDeflater, firstByte: number, frame: OutgoingFrame, signal: AbortSignal | undefined): Promise<void> {
    const payload = typeof frame.payload === 'string' ? Buffer.from(frame.payload, 'utf8') : frame.payload
    this.bytesSent += payload.length
    return this.#deflate(
      payload.length,
      signal,
      (callback) => deflater.compressInPool(payload, frame.isFinal, callback),
      (compressed = NOTHING) => this.#writer.writeFrame(firstByte, compressed),
    )
  }

  /** Holds all other sends until the preparation is done, and then writes. */
  #deflate(
    length: number,
    signal: AbortSignal | undefined,
    prepare: Preparation,
    write: (prepared?: Uint8Array) => unknown,
  ): Promise<void> {
    this.#isDeflating = true
    this.#deflatingBytes = length
    return this.#whenSettled(signal, (settle) => {
      prepare((cause, prepared) => {
        this.#isDeflating = false
        this.#deflatingBytes = 0
        // No data may follow a Close frame or the end of our side.
        const error = this.#toClosedError?.() ?? this.#toSendError(cause)
        if (error === undefined) {
          write(prepared)
          this.#listener.onWritten()
        }
        settle(error)
        this.run()
      })
    })
  }

  #toSendError(cause: Error | null | undefined): Error | undefined {
    return cause === null || cause === undefined ? undefined : this.#listener.toSendError(cause)
  }

  /** Cancelling the promise aborts the connection, which is unusable after half a frame or half a compression. */
  #whenSettled(signal: AbortSignal | undefined, start: (settle: Settle) => void): Promise<void> {
    this.#inFlight ??= new InFlightSends()
    return this.#inFlight.add(signal, start, (error) => this.#listener.onCancelledInFlight(error))
  }

  #deferRun(): void {
    if (this.#isRunDeferred) return
    this.#isRunDeferred = true
    setImmediate(() => {
      this.#isRunDeferred = false
      this.run()
    })
  }

  #wait(frame: OutgoingFrame | undefined, write: Write | undefined, length: number, signal: AbortSignal | undefined): Promise<void> {
    const memory = SEND_MEMORY + (frame === undefined ? length : memoryOf(frame.payload, length))
    if (this.#waitingMemory > 0 && this.#waitingMemory + memory > this.#maxBufferedAmount) return this.#rejectTooSlow()
    const unfinished = frame === undefined ? this.unfinishedMessage : frame.isFinal ? undefined : frame
    return markHandled(
      new Promise<void>((resolve, reject) => {
        const send: WaitingSend = {
          next: undefined,
          previous: undefined,
          frame,
          write,
          length,
          memory,
          signal,
          onAbort: signal === undefined ? undefined : () => this.#cancel(send),
          unfinished,
          resolve,
          reject,
        }
        if (send.onAbort !== undefined) signal?.addEventListener('abort', send.onAbort, { once: true })
        if (this.#waiting === EMPTY_QUEUE) this.#waiting = new Queue()
        this.#waiting.push(send)
        this.#waitingBytes += length
        this.#waitingMemory += memory
      }),
    )
  }

  /** Updates the counters after a send was taken out of the queue. */
  #onRemoved({ length, memory, onAbort, signal }: WaitingSend): void {
    this.#waitingBytes -= length
    this.#waitingMemory -= memory
    if (onAbort !== undefined) signal?.removeEventListener('abort', onAbort)
  }

  #cancel(send: WaitingSend): void {
    const { previous } = send
    let { next } = send
    this.#waiting.delete(send)
    this.#onRemoved(send)
    // A Close frame is not part of a message, so it does not change the message.
    const unfinished = previous === undefined ? this.#unfinished : previous.unfinished
    for (; next !== undefined && next.frame === undefined; next = next.next) next.unfinished = unfinished
    if (send.signal !== undefined) send.reject(signalAbortError(send.signal))
  }

  /** The application sends without awaiting while the peer does not read. */
  #rejectTooSlow(): Promise<never> {
    const message = `More than maxBufferedAmount (${this.#maxBufferedAmount} bytes) waited for a peer that reads too slowly. Await sendAsync()`
    const error = connectionError('ERR_WEBSOCKET_TOO_SLOW', message)
    this.#listener.onTooSlow(error)
    return handledRejection(error)
  }
}

const NOTHING = new Uint8Array(0)

/** All connections without waiting sends share it, so that it stays in the processor's cache. */
const EMPTY_QUEUE = new Queue<WaitingSend>()
/** How many sends leave in one turn of the event loop, which takes some milliseconds. */
const MAX_SENDS_PER_TURN = 1024
/** A send that is compressed in this turn counts as this number of sends. */
const COMPRESSED_SEND_COST = 16
/** Bytes of a waiting send besides its payload: its objects and its promise; measured on Node 20 to 26: 475 to 540. */
const SEND_MEMORY = 544
/** Bytes of a typed array besides its content. */
const TYPED_ARRAY_MEMORY = 192

type Write = () => Preparation | undefined | void

/** The previous frame if its message continues. */
interface UnfinishedMessage {
  readonly isCompressionDisabled: boolean
}

interface WaitingSend extends Queueable<WaitingSend> {
  readonly frame: OutgoingFrame | undefined
  readonly write: Write | undefined
  readonly length: number
  readonly memory: number
  readonly signal: AbortSignal | undefined
  readonly onAbort: (() => void) | undefined
  /** The message that continues after this frame. */
  unfinished: UnfinishedMessage | undefined
  readonly resolve: () => void
  readonly reject: (error: unknown) => void
}

/** V8 stores text that is not ASCII with up to two bytes per character. */
function memoryOf(payload: Uint8Array | string, length: number): number {
  if (typeof payload !== 'string') return TYPED_ARRAY_MEMORY + length
  return length > payload.length ? Math.max(length, 2 * payload.length) : length
}

/** The bytes of a text are counted only if its number of characters does not decide. */
function isLongEnough(payload: Uint8Array | string, threshold: number): boolean {
  return payload.length >= threshold || byteLength(payload) >= threshold
}

function byteLength(payload: Uint8Array | string): number {
  return typeof payload === 'string' ? Buffer.byteLength(payload, 'utf8') : payload.length
}
