import { signalAbortError } from './abort-error.ts'
import type { FrameWriter } from './frame-writer.ts'
import { handledRejection, markHandled } from './handled-rejection.ts'
import type { MessageDeflater } from './message-deflater.ts'
import { Opcode } from './opcode.ts'
import { SETTLED } from './settled.ts'
import { WebSocketException } from './web-socket-exception.ts'

/** One frame of a message, to be sent. */
export interface OutgoingFrame {
  readonly payload: Uint8Array | string
  /** `Opcode.Text` or `Opcode.Binary`; a frame that goes on with a message is sent as a continuation whatever this says. */
  readonly opcode: number
  readonly isFinal: boolean
  readonly isCompressionDisabled: boolean
}

/** What a send queue needs of its connection. */
export interface SendListener {
  /** Something was written, and leaves at the end of the turn. */
  onWritten(): void
  /** A send was cancelled while its bytes were on their way: half a frame may have left. Aborts this queue, too. */
  onCancelledInFlight(error: Error): void
  /** The error of a write that failed. */
  toSendError(cause: unknown): Error
  /** More would wait than may. Aborts this queue, too. */
  onTooSlow(error: WebSocketException): void
}

/** Sends frames one after another, first in, first out; waits while the transport is full or the deflater at work. */
export class SendQueue {
  readonly #writer: FrameWriter
  readonly #deflater: MessageDeflater | undefined
  readonly #listener: SendListener
  /** How many bytes may wait before a peer is too slow. One message may exceed it. */
  readonly #maxBufferedAmount: number
  #waiting: WaitingSend[] = NONE
  #isDeflating = false
  /** The frame before, if its message goes on. */
  #unfinished: { readonly isCompressionDisabled: boolean } | undefined
  /** Whether the message that is being sent is compressed. */
  #isMessageCompressed = false
  #waitingBytes = 0
  #deflatingBytes = 0
  /** Those who wait until their bytes have left: few, since the rest waits for its turn. Not a Set, whose old tables keep what comes later alive. */
  #inFlight: Settle[] | undefined
  /** Makes the error that says why nothing more is sent. */
  #toClosedError: (() => Error) | undefined

  constructor(writer: FrameWriter, deflater: MessageDeflater | undefined, listener: SendListener, maxBufferedAmount: number) {
    this.#maxBufferedAmount = maxBufferedAmount
    this.#writer = writer
    this.#deflater = deflater
    this.#listener = listener
  }

  /** Bytes that have not come to the writer yet. */
  get pendingBytes(): number {
    return this.#waitingBytes + this.#deflatingBytes
  }

  /** The first frame of the message that a further frame would belong to, as far as it is known; `undefined` between messages. */
  get unfinishedMessage(): { readonly isCompressionDisabled: boolean } | undefined {
    if (this.#waiting.length === 0) return this.#unfinished
    const last = this.#waiting.findLast((send) => send.frame !== undefined)?.frame
    if (last === undefined) return this.#unfinished
    return last.isFinal ? undefined : last
  }

  /** Whether a whole message could be written at once. */
  get isReady(): boolean {
    return this.#unfinished === undefined && !this.#mustWait()
  }

  /**
   * Writes a whole message if nothing stands in its way, as is usual: without a frame to be kept, and a promise. `false`: it has to go the
   * ordinary way.
   */
  trySendMessage(message: string | Uint8Array, opcode: number): boolean {
    if (this.#deflater !== undefined || !this.isReady) return false
    if (typeof message === 'string') this.#writer.writeText(0x80 | opcode, message)
    else if (this.#writer.isCopying(message.length)) this.#writer.writeFrame(0x80 | opcode, message)
    else return false
    this.#listener.onWritten()
    return true
  }

  sendFrame(frame: OutgoingFrame, signal: AbortSignal | undefined): Promise<void> {
    if (signal?.aborted === true) return handledRejection(signalAbortError(signal))
    if (this.#mustWait()) return this.#wait(frame, undefined, byteLength(frame.payload), signal)
    return this.#startFrame(frame, signal)
  }

  /** Runs `write`, which writes whole frames and nothing else, when its turn has come. */
  sendWith(write: () => void, length: number, signal: AbortSignal | undefined): Promise<void> {
    if (signal?.aborted === true) return handledRejection(signalAbortError(signal))
    if (this.#mustWait()) return this.#wait(undefined, write, length, signal)
    write()
    this.#listener.onWritten()
    return SETTLED
  }

  /** Goes on after the transport has room again. */
  run(): void {
    while (!this.#isDeflating && !this.#writer.isBlocked) {
      const send = this.#waiting.shift()
      if (send === undefined) return
      this.#waitingBytes -= send.length
      send.signal?.removeEventListener('abort', send.onAbort)
      if (send.frame === undefined) {
        send.write?.()
        this.#listener.onWritten()
        send.resolve()
      } else {
        this.#startFrame(send.frame, send.signal).then(send.resolve, send.reject)
      }
    }
  }

  /** Sends nothing more: rejects all that wait. What was written still leaves. The error is only made for somebody: its stack is expensive. */
  close(toError: () => Error): void {
    this.#toClosedError ??= toError
    const waiting = this.#waiting
    if (waiting.length === 0) return
    this.#waiting = NONE
    this.#waitingBytes = 0
    const error = toError()
    for (const send of waiting) {
      send.signal?.removeEventListener('abort', send.onAbort)
      send.reject(error)
    }
  }

  /** Sends nothing more, and does not expect what was written to leave, either. */
  abort(error: Error): void {
    this.close(() => error)
    const inFlight = this.#inFlight ?? []
    // Lest each take itself off the list that is gone through.
    this.#inFlight = undefined
    for (const settle of inFlight) settle(error)
  }

  #mustWait(): boolean {
    return this.#isDeflating || this.#waiting.length > 0 || this.#writer.isBlocked
  }

  #startFrame(frame: OutgoingFrame, signal: AbortSignal | undefined): Promise<void> {
    const isFirst = this.#unfinished === undefined
    if (isFirst) this.#isMessageCompressed = this.#isWorthCompressing(frame)
    this.#unfinished = frame.isFinal ? undefined : frame
    const firstByte =
      (frame.isFinal ? 0x80 : 0) | (isFirst && this.#isMessageCompressed ? 0x40 : 0) | (isFirst ? frame.opcode : Opcode.Continuation)
    if (this.#isMessageCompressed && this.#deflater !== undefined) return this.#deflateFrame(this.#deflater, firstByte, frame, signal)
    const { payload } = frame
    if (typeof payload === 'string') {
      this.#writer.writeText(firstByte, payload)
    } else if (this.#writer.isCopying(payload.length)) {
      this.#writer.writeFrame(firstByte, payload)
    } else {
      return this.#writeLargeFrame(firstByte, payload, signal)
    }
    this.#listener.onWritten()
    return SETTLED
  }

  #isWorthCompressing({ payload, isFinal, isCompressionDisabled }: OutgoingFrame): boolean {
    if (this.#deflater === undefined || isCompressionDisabled) return false
    // The length of a fragmented message is not known.
    return !isFinal || byteLength(payload) >= this.#deflater.threshold
  }

  /** The payload is not copied: it is the caller's again when it has left. */
  #writeLargeFrame(firstByte: number, payload: Uint8Array, signal: AbortSignal | undefined): Promise<void> {
    return this.#whenSettled(signal, (settle) => {
      this.#writer.writeFrame(firstByte, payload, (error) => settle(this.#toSendError(error)))
    })
  }

  #deflateFrame(deflater: MessageDeflater, firstByte: number, frame: OutgoingFrame, signal: AbortSignal | undefined): Promise<void> {
    const payload = typeof frame.payload === 'string' ? Buffer.from(frame.payload, 'utf8') : frame.payload
    this.#isDeflating = true
    this.#deflatingBytes = payload.length
    return this.#whenSettled(signal, (settle) => {
      deflater.compress(payload, frame.isFinal, (cause, compressed) => {
        this.#isDeflating = false
        this.#deflatingBytes = 0
        // Behind a Close frame, or the end of our side, nothing may follow.
        const error = this.#toClosedError?.() ?? this.#toSendError(cause)
        if (error === undefined) {
          this.#writer.writeFrame(firstByte, compressed)
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

  /** A promise for what `start` settles. Cancelling it ends the connection: half a frame, or half a deflate context, is of no use. */
  #whenSettled(signal: AbortSignal | undefined, start: (settle: Settle) => void): Promise<void> {
    return markHandled(
      new Promise<void>((resolve, reject) => {
        const settle: Settle = (error) => {
          signal?.removeEventListener('abort', onAbort)
          this.#forget(settle)
          if (error === undefined) resolve()
          else reject(error)
        }
        const onAbort = (): void => {
          if (signal !== undefined) this.#listener.onCancelledInFlight(signalAbortError(signal))
        }
        signal?.addEventListener('abort', onAbort, { once: true })
        this.#inFlight ??= []
        this.#inFlight.push(settle)
        start(settle)
      }),
    )
  }

  #forget(settle: Settle): void {
    const inFlight = this.#inFlight ?? []
    const index = inFlight.indexOf(settle)
    if (index >= 0) inFlight.splice(index, 1)
  }

  #wait(frame: OutgoingFrame | undefined, write: (() => void) | undefined, length: number, signal: AbortSignal | undefined): Promise<void> {
    if (this.#waitingBytes > 0 && this.#waitingBytes + length > this.#maxBufferedAmount) return this.#giveUp()
    return markHandled(
      new Promise<void>((resolve, reject) => {
        const onAbort = (): void => {
          const index = this.#waiting.indexOf(send)
          if (index < 0 || signal === undefined) return
          this.#waiting.splice(index, 1)
          this.#waitingBytes -= length
          reject(signalAbortError(signal))
        }
        const send: WaitingSend = { frame, write, length, signal, onAbort, resolve, reject }
        signal?.addEventListener('abort', onAbort, { once: true })
        if (this.#waiting === NONE) this.#waiting = [send]
        else this.#waiting.push(send)
        this.#waitingBytes += length
      }),
    )
  }

  /** The application sends without awaiting, to a peer that does not read. */
  #giveUp(): Promise<never> {
    const message = `More than maxBufferedAmount (${this.#maxBufferedAmount} bytes) waited for a peer that reads too slowly. Await sendAsync()`
    const error = new WebSocketException('ERR_WEBSOCKET_TOO_SLOW', message)
    this.#listener.onTooSlow(error)
    return handledRejection(error)
  }
}

/** For all queues in which nothing waits: what every send looks at is in the processor's cache. */
const NONE: WaitingSend[] = []

type Settle = (error: Error | undefined) => void

interface WaitingSend {
  readonly frame: OutgoingFrame | undefined
  readonly write: (() => void) | undefined
  readonly length: number
  readonly signal: AbortSignal | undefined
  readonly onAbort: () => void
  readonly resolve: () => void
  readonly reject: (error: unknown) => void
}

function byteLength(payload: Uint8Array | string): number {
  return typeof payload === 'string' ? Buffer.byteLength(payload, 'utf8') : payload.length
}
