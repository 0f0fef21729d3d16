import { constants } from 'node:buffer'
import { decodeCloseFrame } from './close-frame.ts'
import type { CloseFrame } from './close-frame.ts'
import { invalidPayload, messageTooBig, protocolViolation } from './frame-failure.ts'
import type { FrameFailure } from './frame-failure.ts'
import { FrameHeader, HeaderOutcome } from './frame-header.ts'
import { growBuffer } from '../memory/grow-buffer.ts'
import { Opcode } from './opcode.ts'
import { ReceivedBytes } from '../memory/received-bytes.ts'
import { Utf8Validator } from './utf8-validator.ts'
import { WebSocketMessageType } from '../values/web-socket-message-type.ts'

/** Where {@link FrameReader.next} has come to. */
export const FramePosition = {
  /** More bytes have to arrive first. */
  NeedsMore: 0,
  /** At the payload of a data frame, ready to be read. */
  Data: 1,
  /** At a compressed frame, all of it in `compressedPayload`, to be inflated and given back. */
  Compressed: 2,
  /** At the peer's Close frame: `closeFrame`. Nothing comes after it. */
  Close: 3,
  /** The peer broke the protocol: `failure`. Nothing comes after it. */
  Failed: 4,
} as const
export type FramePosition = (typeof FramePosition)[keyof typeof FramePosition]

/** What a reader reports of the control frames it passes. */
export interface ControlFrameListener {
  onPing(payload: Buffer): void
  onPong(payload: Buffer): void
}

/** What a reader is made for. */
export interface FrameReaderOptions {
  /** The server expects masked frames, the client unmasked ones. */
  readonly isServer: boolean
  /** What was agreed on. `undefined`: no frame may be compressed. */
  readonly compression: object | undefined
  /** The limit for compressed messages, which have to be held to be inflated. Bytes. */
  readonly maxMessageSize: number
}

/**
 * Reads WebSocket frames out of received bytes, one step at a time and only as far as it is asked to:
 * payload is unmasked straight into the buffer of whoever asks for it.
 */
export class FrameReader {
  readonly bytes = new ReceivedBytes()
  closeFrame: CloseFrame | undefined
  failure: FrameFailure | undefined
  /** The payload of the frame at `FramePosition.Compressed`. */
  compressedPayload: Buffer | undefined
  /** Whether a data frame has begun and was not completed. */
  isInFrame = false
  /** Whether the frame is the last of its message. */
  isFinal = false
  /** Bytes of the frame's payload that were not read yet. */
  remaining = 0
  /** Bytes of payload that were read, or passed over, so far. */
  bytesRead = 0
  /** Messages that were read, or passed over, to their end so far. */
  messagesRead = 0
  /** Whether all of the message that was read so far is ASCII. */
  isMessageAscii = true
  #opcode = 0
  #isMessageCompressed = false
  #mask = 0
  #maskOffset = 0
  #compressedFilled = 0
  /** The inflated payload, read instead of the received bytes. */
  #inflated: Buffer | undefined
  /** Whether that lies in memory that others use, too, as soon as this step has ended. */
  #isInflatedBorrowed = false
  /** Bytes from the head, up to a frame boundary, that `readAhead` has been through: data frames, and pings that wait. */
  #scouted = 0
  /** Whether the Close frame comes next behind them. */
  isCloseAhead = false
  /** Whether there may be a ping among them. */
  #isPingScouted = false
  /** Lives from the first piece of a text message that is not ASCII to the message's end. */
  #utf8: Utf8Validator | undefined
  readonly #options: FrameReaderOptions
  readonly #listener: ControlFrameListener

  constructor(options: FrameReaderOptions, listener: ControlFrameListener) {
    this.#options = options
    this.#listener = listener
  }

  get messageType(): WebSocketMessageType {
    return this.#opcode === Opcode.Text ? WebSocketMessageType.Text : WebSocketMessageType.Binary
  }

  /** Whether what comes next is the beginning of a frame that belongs to no message yet, or nothing at all. */
  get isBetweenMessages(): boolean {
    return !this.isInFrame && this.#opcode === 0 && this.closeFrame === undefined && this.failure === undefined
  }

  /** Whether the peer has to mask its frames. */
  get isMaskExpected(): boolean {
    return this.#options.isServer
  }

  /** Passes a whole message of `length` bytes, in a frame of `size`, header included, which somebody else has dealt with. */
  passFrame(size: number, length: number): void {
    this.#skip(size)
    this.bytesRead += length
    this.messagesRead++
  }

  /**
   * Goes to the next data frame (or stays in the one begun), reporting the control frames on the way.
   * `isDiscarding`: its payload is not wanted, so it need not be inflated.
   */
  next(isDiscarding = false): FramePosition {
    while (!this.isInFrame) {
      if (this.closeFrame !== undefined) return FramePosition.Close
      if (this.failure !== undefined) return FramePosition.Failed
      const outcome = header.parse(this.bytes, 0, this.#options.isServer, this.#options.compression !== undefined)
      if (outcome === HeaderOutcome.NeedsMore) return FramePosition.NeedsMore
      if (outcome === HeaderOutcome.Violation) this.#violate(header.violation)
      else if (!header.isControl) this.#beginFrame()
      else if (!this.#takeControlFrame()) return FramePosition.NeedsMore
    }
    if (this.failure !== undefined) return FramePosition.Failed
    return this.#isMessageCompressed && this.#inflated === undefined && !isDiscarding ? this.#collectCompressed() : FramePosition.Data
  }

  /** Whether there is anything to read, if only a failure, without further bytes. Nothing is read by asking. */
  hasMore(): boolean {
    const position = this.next()
    if (position !== FramePosition.Data) return position !== FramePosition.NeedsMore
    return this.remaining === 0 || this.#inflated !== undefined || this.bytes.length > 0
  }

  /**
   * Reads up to `count` bytes of the frame's payload, as many as are there, and returns how many.
   * Text is validated on the way; check `failure` after it.
   */
  read(target: Uint8Array, start: number, count: number): number {
    const inflated = this.#inflated
    let isAscii = false
    let done = Math.min(count, this.remaining)
    if (inflated === undefined) {
      done = Math.min(done, this.bytes.length)
      isAscii = this.bytes.unmaskInto(target, start, done, this.#mask, this.#maskOffset)
      this.#maskOffset += done
      this.#scouted = Math.max(0, this.#scouted - done)
    } else {
      target.set(inflated.subarray(inflated.length - this.remaining, inflated.length - this.remaining + done), start)
    }
    this.remaining -= done
    this.bytesRead += done
    this.isMessageAscii &&= isAscii
    if (!isAscii && this.#opcode === Opcode.Text) this.#utf8 ??= new Utf8Validator()
    if (this.#utf8 !== undefined && !this.#utf8.write(target, start, start + done, isAscii)) this.fail(invalidPayload(INVALID_TEXT))
    return done
  }

  /** Ends a frame whose payload was read to its end; tells whether its message ends with it. Check `failure` after it. */
  completeFrame(): boolean {
    this.isInFrame = false
    this.#inflated = undefined
    if (!this.isFinal) return false
    if (this.#utf8?.end() === false) this.fail(invalidPayload(INVALID_TEXT))
    this.#utf8 = undefined
    this.#opcode = 0
    this.#isMessageCompressed = false
    this.messagesRead++
    return true
  }

  /** Ends a frame whose payload was discarded. Text that was not inflated is not judged. */
  skipFrame(): void {
    if (this.#isMessageCompressed) this.#utf8 = undefined
    this.compressedPayload = undefined
    this.completeFrame()
  }

  /** Gives back what `compressedPayload` inflates to. `isBorrowed`: only until {@link keepInflated}. */
  setInflated(payload: Buffer, isBorrowed: boolean): void {
    this.compressedPayload = undefined
    this.#inflated = payload
    this.#isInflatedBorrowed = isBorrowed
    this.remaining = payload.length
  }

  /** What a message inflates to whose only frame, or the last one of those that are not empty, this is; `undefined` if a part of it was read. */
  get inflatedMessage(): Buffer | undefined {
    return this.isFinal && this.#utf8 === undefined && this.#inflated?.length === this.remaining ? this.#inflated : undefined
  }

  /** Copies what was borrowed and not read. */
  keepInflated(): void {
    if (this.#inflated === undefined || !this.#isInflatedBorrowed) return
    this.#inflated = Buffer.from(this.#inflated.subarray(this.#inflated.length - this.remaining))
    this.#isInflatedBorrowed = false
  }

  /** Refuses what was received, on behalf of whoever reads. */
  fail(failure: FrameFailure): void {
    this.isInFrame = false
    this.failure ??= failure
  }

  /** Passes over the rest of the frame's payload, as far as it has arrived. Check `failure` after it: text is judged all the same. */
  discard(): void {
    if (this.#inflated !== undefined) {
      this.bytesRead += this.remaining
      this.remaining = 0
      return
    }
    if (this.#opcode === Opcode.Text && !this.#isMessageCompressed) {
      while (this.failure === undefined && this.read(scratch, 0, scratch.length) > 0);
      return
    }
    const count = Math.min(this.remaining, this.bytes.length)
    this.#skip(count)
    this.remaining -= count
    this.bytesRead += count
  }

  /**
   * Takes the pongs, and with `takesPings` the pings, out of what waits, also from behind data nobody has asked for yet. Everything else
   * waits for its turn. Returns whether a ping does.
   */
  readAhead(takesPings = true): boolean {
    if (this.closeFrame !== undefined || this.failure !== undefined) return false
    let offset = takesPings && this.#isPingScouted ? 0 : this.#scouted
    if (takesPings) this.#isPingScouted = false
    if (offset === 0 && this.isInFrame && this.#inflated === undefined) offset = this.remaining
    while (offset < this.bytes.length) {
      const outcome = header.parse(this.bytes, offset, this.#options.isServer, this.#options.compression !== undefined)
      if (outcome !== HeaderOutcome.Complete) break
      const size = header.size + header.length
      if (!header.isControl) {
        offset += size
        continue
      }
      if (this.bytes.length - offset < size) break
      if (header.opcode === Opcode.Close) {
        this.isCloseAhead = true
        break
      }
      if (header.opcode === Opcode.Ping && !takesPings) {
        this.#isPingScouted = true
        offset += size
        continue
      }
      this.#reportControlFrame(offset)
      this.bytes.remove(offset, size)
    }
    this.#scouted = offset
    return this.#isPingScouted
  }

  /** What the Close frame says that `readAhead` has come upon, or what is wrong with it. It stays where it is. */
  closeFrameAhead(): CloseFrame | string | undefined {
    const outcome = header.parse(this.bytes, this.#scouted, this.#options.isServer, this.#options.compression !== undefined)
    const isClose = outcome === HeaderOutcome.Complete && header.opcode === Opcode.Close
    return isClose ? decodeCloseFrame(this.#controlPayload(this.#scouted)) : undefined
  }

  #beginFrame(): void {
    const isContinuation = header.opcode === Opcode.Continuation
    if (isContinuation && this.#opcode === 0) return this.#violate('The peer sent a continuation of a message that it has not begun')
    if (!isContinuation && this.#opcode !== 0) return this.#violate('The peer began a message before it had ended the one before')
    if (isContinuation && header.isCompressed) return this.#violate('The peer marked the continuation of a message as compressed')
    this.isInFrame = true
    this.isFinal = header.isFinal
    this.remaining = header.length
    this.#mask = header.mask
    this.#maskOffset = 0
    if (!isContinuation) {
      this.#opcode = header.opcode
      this.isMessageAscii = true
      this.#isMessageCompressed = header.isCompressed
    }
    this.#skip(header.size)
  }

  /** Passes the control frame at the head; `false` if it is not complete. */
  #takeControlFrame(): boolean {
    const size = header.size + header.length
    if (this.bytes.length < size) return false
    if (header.opcode === Opcode.Close) {
      const closeFrame = decodeCloseFrame(this.#controlPayload(0))
      if (typeof closeFrame === 'string') this.#violate(closeFrame, true)
      else this.closeFrame = closeFrame
    } else {
      this.#reportControlFrame(0)
    }
    this.#skip(size)
    return true
  }

  /** Reports the complete Ping or Pong in `header`, which begins at `offset`. */
  #reportControlFrame(offset: number): void {
    const payload = this.#controlPayload(offset)
    if (header.opcode === Opcode.Ping) this.#listener.onPing(payload)
    else this.#listener.onPong(payload)
  }

  #controlPayload(offset: number): Buffer {
    const payload = Buffer.allocUnsafe(header.length)
    for (let index = 0; index < payload.length; index++) {
      payload[index] = this.bytes.at(offset + header.size + index) ^ (header.mask >>> (24 - 8 * (index & 3)))
    }
    return payload
  }

  /** Gathers a compressed frame: zlib wants it whole, and what is held counts against the limit from its header on. */
  #collectCompressed(): FramePosition {
    const { maxMessageSize } = this.#options
    if (this.compressedPayload === undefined) this.#compressedFilled = 0
    const needed = this.#compressedFilled + this.remaining
    // Data that does not compress grows a little.
    if (needed > Math.min(maxMessageSize * 1.04 + 64, constants.MAX_LENGTH)) {
      this.fail(messageTooBig(maxMessageSize))
      return FramePosition.Failed
    }
    do {
      const target = growBuffer(this.compressedPayload, this.#compressedFilled, this.bytes.length, needed, true)
      const count = Math.min(target.length - this.#compressedFilled, this.remaining, this.bytes.length)
      this.bytes.unmaskInto(target, this.#compressedFilled, count, this.#mask, this.#maskOffset)
      this.compressedPayload = target
      this.#compressedFilled += count
      this.#maskOffset += count
      this.#scouted = Math.max(0, this.#scouted - count)
      this.remaining -= count
    } while (this.remaining > 0 && this.bytes.length > 0)
    return this.remaining === 0 ? FramePosition.Compressed : FramePosition.NeedsMore
  }

  #skip(count: number): void {
    this.bytes.skip(count)
    this.#scouted = Math.max(0, this.#scouted - count)
  }

  #violate(message: string, isCloseReceived = false): void {
    this.fail(protocolViolation(message, isCloseReceived))
  }
}

/** Filled and read within one step, so that one is enough for all sockets. */
const header = new FrameHeader()

/** Where text goes that nobody wants. */
const scratch = Buffer.alloc(4096)

const INVALID_TEXT = 'The peer sent a text message that is not valid UTF-8'
