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

/** The position of {@link FrameReader.next}. */
export const FramePosition = {
  /** More bytes must arrive first. */
  NeedsMore: 0,
  /** At the payload of a data frame. */
  Data: 1,
  /** At a compressed frame. `compressedPayload` contains all of it. The caller inflates it and calls `setInflated`. */
  Compressed: 2,
  /** At the peer's Close frame: `closeFrame`. No frame follows. */
  Close: 3,
  /** The peer broke the protocol: `failure`. No frame follows. */
  Failed: 4,
} as const
export type FramePosition = (typeof FramePosition)[keyof typeof FramePosition]

/** Is notified of control frames. */
export interface ControlFrameListener {
  onPing(payload: Buffer): void
  onPong(payload: Buffer): void
}

/** Options of a reader. */
export interface FrameReaderOptions {
  /** The server expects masked frames, the client unmasked ones. */
  readonly isServer: boolean
  /** The negotiated compression. `undefined` means that no frame may be compressed. */
  readonly compression: object | undefined
  /** The limit for compressed messages, which are held until they are inflated. Bytes. */
  readonly maxMessageSize: number
}

/**
 * Reads WebSocket frames from received bytes, one step at a time and only on request. It unmasks the payload directly into the buffer of the caller.
 */
export class FrameReader {
  readonly bytes = new ReceivedBytes()
  closeFrame: CloseFrame | undefined
  failure: FrameFailure | undefined
  /** The payload of the frame at `FramePosition.Compressed`. */
  compressedPayload: Buffer | undefined
  /** Whether a data frame has begun and is not complete. */
  isInFrame = false
  /** Whether the frame is the last of its message. */
  isFinal = false
  /** The unread payload bytes of the frame. */
  remaining = 0
  /** The payload bytes that were read or discarded so far. */
  bytesRead = 0
  /** The number of messages that were completely read or discarded so far. */
  messagesRead = 0
  /** Whether the part of the message that was read so far is ASCII. */
  isMessageAscii = true
  #opcode = 0
  #isMessageCompressed = false
  #mask = 0
  #maskOffset = 0
  #compressedFilled = 0
  /** The inflated payload, which is read instead of the received bytes. */
  #inflated: Buffer | undefined
  /** Whether that payload is in shared memory, which is reused after this step. */
  #isInflatedBorrowed = false
  /** The number of bytes from the head that `readAhead` has scanned: data frames and waiting pings, up to a frame boundary. */
  #scannedBytes = 0
  /** Whether the Close frame follows the scanned bytes. */
  isCloseAhead = false
  /** Whether the scanned bytes may contain a ping. */
  #isPingScanned = false
  /** Exists from the first piece of a text message that is not ASCII until the end of the message. */
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

  /** Whether the reader is between messages, at a frame boundary. */
  get isBetweenMessages(): boolean {
    return !this.isInFrame && this.#opcode === 0 && this.closeFrame === undefined && this.failure === undefined
  }

  /** Whether the peer must mask its frames. */
  get isMaskExpected(): boolean {
    return this.#options.isServer
  }

  /** Skips a message of `length` bytes in one frame of `size` bytes, header included. The caller has already read it. */
  consumeFrame(size: number, length: number): void {
    this.#skip(size)
    this.bytesRead += length
    this.messagesRead++
  }

  /**
   * Advances to the next data frame (or stays in the current one), and reports the control frames on the way. With `isDiscarding`, the caller discards
   * the payload, so that it need not be inflated.
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

  /** Whether data or a failure can be read without further bytes. The call reads no data. */
  hasMore(): boolean {
    const position = this.next()
    if (position !== FramePosition.Data) return position !== FramePosition.NeedsMore
    return this.remaining === 0 || this.#inflated !== undefined || this.bytes.length > 0
  }

  /** Reads up to `count` available bytes of the payload, and returns their number. It validates text; check `failure` after the call. */
  read(target: Uint8Array, start: number, count: number): number {
    const inflated = this.#inflated
    let isAscii = false
    let done = Math.min(count, this.remaining)
    if (inflated === undefined) {
      done = Math.min(done, this.bytes.length)
      isAscii = this.bytes.unmaskInto(target, start, done, this.#mask, this.#maskOffset)
      this.#maskOffset += done
      this.#scannedBytes = Math.max(0, this.#scannedBytes - done)
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

  /** Ends a completely read frame, and returns whether its message ends with it. Check `failure` after the call. */
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

  /** Ends a frame whose payload was discarded. Text that was not inflated is not validated. */
  skipFrame(): void {
    if (this.#isMessageCompressed) this.#utf8 = undefined
    this.compressedPayload = undefined
    this.completeFrame()
  }

  /** Sets the inflated form of `compressedPayload`. With `isBorrowed`, the memory is valid only until {@link keepInflated}. */
  setInflated(payload: Buffer, isBorrowed: boolean): void {
    this.compressedPayload = undefined
    this.#inflated = payload
    this.#isInflatedBorrowed = isBorrowed
    this.remaining = payload.length
  }

  /** The inflated message, if this is its only or last non-empty frame and no part of it was read; else `undefined`. */
  get inflatedMessage(): Buffer | undefined {
    return this.isFinal && this.#utf8 === undefined && this.#inflated?.length === this.remaining ? this.#inflated : undefined
  }

  /** Copies borrowed bytes that were not read. */
  keepInflated(): void {
    if (this.#inflated === undefined || !this.#isInflatedBorrowed) return
    this.#inflated = Buffer.from(this.#inflated.subarray(this.#inflated.length - this.remaining))
    this.#isInflatedBorrowed = false
  }

  /** Ends reading with a failure that the caller has found. */
  fail(failure: FrameFailure): void {
    this.isInFrame = false
    this.failure ??= failure
  }

  /** Discards the available rest of the payload. Check `failure` after the call, because text is still validated. */
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
   * Reports and removes the pongs in the waiting bytes, also behind data that was not requested, and with `takesPings` the pings as well. All other
   * frames stay.
   * @returns whether a ping waits.
   */
  readAhead(takesPings = true): boolean {
    if (this.closeFrame !== undefined || this.failure !== undefined) return false
    let offset = takesPings && this.#isPingScanned ? 0 : this.#scannedBytes
    if (takesPings) this.#isPingScanned = false
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
        this.#isPingScanned = true
        offset += size
        continue
      }
      this.#reportControlFrame(offset)
      this.bytes.remove(offset, size)
    }
    this.#scannedBytes = offset
    return this.#isPingScanned
  }

  /** The content of the Close frame that `readAhead` has found, or a string that says why it is invalid. The frame stays in the queue. */
  closeFrameAhead(): CloseFrame | string | undefined {
    const outcome = header.parse(this.bytes, this.#scannedBytes, this.#options.isServer, this.#options.compression !== undefined)
    const isClose = outcome === HeaderOutcome.Complete && header.opcode === Opcode.Close
    return isClose ? decodeCloseFrame(this.#controlPayload(this.#scannedBytes)) : undefined
  }

  #beginFrame(): void {
    const isContinuation = header.opcode === Opcode.Continuation
    if (isContinuation && this.#opcode === 0) return this.#violate('The peer sent a continuation frame without a message to continue')
    if (!isContinuation && this.#opcode !== 0) return this.#violate('The peer began a message before the end of the previous one')
    if (isContinuation && header.isCompressed) return this.#violate('The peer sent a continuation frame that is marked as compressed')
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

  /** Takes the control frame at the head; `false` if it is not complete. */
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

  /** Collects a compressed frame, which is inflated as a whole. The announced length already counts against the limit. */
  #collectCompressed(): FramePosition {
    const { maxMessageSize } = this.#options
    if (this.compressedPayload === undefined) this.#compressedFilled = 0
    const needed = this.#compressedFilled + this.remaining
    // Data that does not compress grows a little.
    if (needed > Math.min(maxMessageSize * 1.04 + 64, constants.MAX_LENGTH)) {
      this.fail(messageTooBig(Math.min(maxMessageSize, constants.MAX_LENGTH), maxMessageSize))
      return FramePosition.Failed
    }
    do {
      const target = growBuffer(this.compressedPayload, this.#compressedFilled, this.bytes.length, needed, true)
      const count = Math.min(target.length - this.#compressedFilled, this.remaining, this.bytes.length)
      this.bytes.unmaskInto(target, this.#compressedFilled, count, this.#mask, this.#maskOffset)
      this.compressedPayload = target
      this.#compressedFilled += count
      this.#maskOffset += count
      this.#scannedBytes = Math.max(0, this.#scannedBytes - count)
      this.remaining -= count
    } while (this.remaining > 0 && this.bytes.length > 0)
    return this.remaining === 0 ? FramePosition.Compressed : FramePosition.NeedsMore
  }

  #skip(count: number): void {
    this.bytes.skip(count)
    this.#scannedBytes = Math.max(0, this.#scannedBytes - count)
  }

  #violate(message: string, isCloseReceived = false): void {
    this.fail(protocolViolation(message, isCloseReceived))
  }
}

/** Filled and read within one step, so all sockets share it. */
const header = new FrameHeader()

/** The target of discarded text. */
const scratch = Buffer.alloc(4096)

const INVALID_TEXT = 'The peer sent a text message that is not valid UTF-8'
