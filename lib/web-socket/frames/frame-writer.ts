import { randomFillSync } from 'node:crypto'
import type { Duplex } from 'node:stream'
import { encodeUtf8 } from '../memory/buffer-internals.ts'
import { exactCopy } from '../memory/exact-copy.ts'
import { unmask } from '../memory/unmask.ts'
import type { WebSocketTransport } from '../transport/web-socket-transport.ts'
import { WriteSlab } from '../memory/write-slab.ts'

/** Payloads up to this many bytes are copied next to their header, so that many frames leave in one write. */
export const MAX_COPIED_LENGTH = 16_384

/** Called when bytes that were not copied have left or can no longer leave. */
export type WriteCallback = (error: Error | null | undefined) => void

/** Is notified by a writer. */
export interface WriteListener {
  /** Called when there is room again after too many writes had waited in a stream that was not full. */
  onDrain(): void
}

/**
 * Writes WebSocket frames (RFC 6455, section 5.2) to a stream. Frames of one turn of the event loop leave in one write when `flush` is called. Small
 * frames are placed one after the other in a slab that all sockets share.
 */
export class FrameWriter {
  readonly #duplex: Duplex
  readonly #listener: WriteListener
  readonly #highWaterMark: number
  /** A client masks its frames (RFC 6455, section 5.3). */
  readonly #isMasking: boolean
  /** Whether memory can be reused as soon as the stream is empty. */
  readonly #isReleasing: boolean
  /** The framed data in front of the run that was not passed to the stream yet. */
  #pieces: Uint8Array[] = EMPTY
  #pieceBytes = 0
  /** The last, still growing piece: `runSlab` from `runStart` to `runEnd`. */
  #runSlab: WriteSlab | undefined
  #runStart = 0
  #runEnd = 0
  /** The number of writes that wait in the stream behind others. */
  #waitingWrites = 0
  /** `false` after a write has left room. This saves a broadcast the access to two more objects in memory. */
  #mayBeFull = true
  /** `false` after a write has left the stream empty, for the same reason. */
  #mayHold = true

  constructor({ duplex, releasesWrites = false }: WebSocketTransport, isMasking: boolean, listener: WriteListener) {
    this.#listener = listener
    this.#duplex = duplex
    this.#highWaterMark = Math.max(1, duplex.writableHighWaterMark)
    this.#isMasking = isMasking
    this.#isReleasing = releasesWrites
  }

  /** Bytes that were framed and have not left the process yet. */
  get bufferedAmount(): number {
    return this.#pendingBytes() + this.#duplex.writableLength
  }

  /** Whether the stream is full, so that writing should wait for its `'drain'`. */
  get isBlocked(): boolean {
    return this.#mayBeFull && this.#isFull()
  }

  /** Whether a payload of this length is copied, so that the caller may reuse its memory at once. */
  isCopying(length: number): boolean {
    return length <= MAX_COPIED_LENGTH || this.#isMasking
  }

  /** Writes one frame. If its payload is not copied, `onWritten` is called when it has left, and all data is passed to the stream at once. */
  writeFrame(firstByte: number, payload: Uint8Array, onWritten?: WriteCallback): void {
    if (this.#isMasking) return this.#writeMaskedFrame(firstByte, payload, onWritten)
    const { length } = payload
    const headerSize = headerSizeOf(length)
    if (length > MAX_COPIED_LENGTH) {
      const start = this.#reserve(headerSize)
      writeHeader(slab.bytes, start, firstByte, length, 0)
      this.#addPiece(payload, onWritten)
    } else {
      const start = this.#reserve(headerSize + length)
      writeHeader(slab.bytes, start, firstByte, length, 0)
      slab.bytes.set(payload, start + headerSize)
    }
  }

  /** Writes a text as one frame, and returns its number of bytes. */
  writeText(firstByte: number, text: string): number {
    if (this.#isMasking || text.length > MAX_TEXT_IN_SLAB) return this.#writeLongText(firstByte, Buffer.from(text, 'utf8'))
    const maxLength = 3 * text.length
    const start = this.#reserve(4 + maxLength)
    const { bytes } = slab
    // Most text is ASCII, with one byte per character, so the header is laid out for that.
    const headerSize = headerSizeOf(text.length)
    const length = encodeUtf8(text, bytes, start + headerSize, maxLength)
    const neededSize = headerSizeOf(length)
    if (neededSize !== headerSize) bytes.copyWithin(start + neededSize, start + headerSize, start + headerSize + length)
    writeHeader(bytes, start, firstByte, length, 0)
    this.#runEnd = start + neededSize + length
    slab.end = this.#runEnd
    return length
  }

  /** Writes prepared frames. Their memory must not change afterwards. */
  writePrepared(frames: Buffer): void {
    this.#addPiece(frames)
  }

  /** Passes all data to the stream; calls back when the last byte has left or can no longer leave. */
  flush(onWritten?: WriteCallback): void {
    if (this.#pieces.length === 0 && onWritten === undefined) return this.#flushRun()
    this.#endRun()
    const pieces = this.#pieces
    const length = this.#pieceBytes
    this.#pieces = EMPTY
    this.#pieceBytes = 0
    if (pieces.length > 1 && isWorthCopying(pieces.length, length) && onWritten === undefined) return this.#writeTogether(pieces, length)
    const last = pieces.pop()
    // The end of the run may have flushed everything.
    if (last === undefined) return
    this.#mayBeFull = true
    if (pieces.length > 0) this.#duplex.cork()
    for (const piece of pieces) this.#write(piece)
    this.#write(last, onWritten)
    if (pieces.length > 0) this.#duplex.uncork()
    this.#measureRoom()
  }

  /** One write of few bytes costs less than a write of several pieces. */
  #writeTogether(pieces: readonly Uint8Array[], length: number): void {
    let position = this.#reserve(length)
    for (const piece of pieces) {
      slab.bytes.set(piece, position)
      position += piece.length
    }
    this.#flushRun()
  }

  #pendingBytes(): number {
    return this.#pieceBytes + (this.#runSlab === undefined ? 0 : this.#runEnd - this.#runStart)
  }

  #writeLongText(firstByte: number, text: Buffer): number {
    this.writeFrame(firstByte, text)
    return text.length
  }

  #writeMaskedFrame(firstByte: number, payload: Uint8Array, onWritten: WriteCallback | undefined): void {
    const start = this.#reserve(headerSizeOf(payload.length))
    writeHeader(slab.bytes, start, firstByte, payload.length, 0x80)
    const masked = Buffer.allocUnsafe(4 + payload.length)
    randomFillSync(masked, 0, 4)
    unmask(payload, 0, masked, 4, payload.length, masked.readUInt32BE(0), 0)
    this.#addPiece(masked, onWritten)
  }

  /** Makes room for `size` bytes at the end of the run, and returns its position in the slab. */
  #reserve(size: number): number {
    // A run of this length is passed to the stream, so that the stream can report when it is full.
    if (this.#runSlab !== undefined && this.#runEnd - this.#runStart + size > MAX_RUN) this.flush()
    // Before the new run begins: a synchronous peer may answer during the flush, into the same slab.
    while (this.#runSlab !== undefined && !this.#isRunGrowing(size)) this.#endRun()
    if (!slab.hasRoom(size)) slab = new WriteSlab(SLAB_SIZE)
    const start = slab.end
    if (this.#runSlab === undefined) {
      slab.openRun()
      this.#runSlab = slab
      this.#runStart = start
    }
    this.#runEnd = start + size
    slab.end = this.#runEnd
    return start
  }

  /** Whether the run is the last one in the slab, and there is room for `size` more bytes. */
  #isRunGrowing(size: number): boolean {
    return this.#runSlab === slab && this.#runEnd === slab.end && slab.hasRoom(size)
  }

  /** Writes the run alone, which is the usual case. */
  #flushRun(): void {
    const run = this.#runSlab
    if (run === undefined) return
    this.#runSlab = undefined
    const end = this.#runEnd
    const bytes = run.bytes.subarray(this.#runStart, end)
    this.#mayBeFull = true
    if (this.#isReleasing && !this.#isHolding()) {
      this.#mayHold = true
      this.#duplex.write(bytes)
      this.#measureRoom()
      run.closeRun(this.#mayHold ? end : 0)
    } else {
      const copy = exactCopy(bytes)
      run.closeRun(0)
      this.#write(copy)
      this.#measureRoom()
    }
  }

  #measureRoom(): void {
    const held = this.#duplex.writableLength
    this.#mayHold = held > 0
    this.#mayBeFull = held >= this.#highWaterMark || this.#waitingWrites >= MAX_WAITING_WRITES
  }

  #isFull(): boolean {
    return this.#duplex.writableLength >= this.#highWaterMark || this.#waitingWrites >= MAX_WAITING_WRITES
  }

  /** Whether a write would wait behind others. Its bytes must then not be in shared memory. */
  #isHolding(): boolean {
    return this.#mayHold && this.#duplex.writableLength > 0
  }

  /** Passes unshared memory to the stream. Waiting writes are counted, because each takes more memory than its bytes. */
  #write(bytes: Uint8Array, onWritten?: WriteCallback): void {
    const duplex = this.#duplex
    if (!this.#isHolding()) {
      // Later writes of this turn may wait behind it.
      this.#mayHold = true
      duplex.write(bytes, onWritten)
      return
    }
    this.#waitingWrites++
    duplex.write(bytes, (error) => {
      onWritten?.(error)
      const wasFull = this.#waitingWrites-- === MAX_WAITING_WRITES
      if (wasFull && !error && !duplex.writableNeedDrain) this.#listener.onDrain()
    })
  }

  /** Turns the run into a piece, whose memory is not reused until it was written. */
  #endRun(): void {
    const run = this.#runSlab
    if (run === undefined) return
    this.#runSlab = undefined
    const bytes = run.bytes.subarray(this.#runStart, this.#runEnd)
    const piece = this.#isReleasing && !this.#isHolding() ? bytes : exactCopy(bytes)
    run.closeRun(piece === bytes ? this.#runEnd : 0)
    this.#addPiece(piece)
  }

  #addPiece(bytes: Uint8Array, onWritten?: WriteCallback): void {
    this.#endRun()
    if (this.#pieces === EMPTY) this.#pieces = [bytes]
    else this.#pieces.push(bytes)
    this.#pieceBytes += bytes.length
    if (onWritten !== undefined || this.#pieceBytes >= MAX_RUN) this.flush(onWritten)
  }
}

/** One whole unmasked frame. */
export function frameOf(firstByte: number, payload: Uint8Array): Buffer {
  const headerSize = headerSizeOf(payload.length)
  const frame = Buffer.allocUnsafeSlow(headerSize + payload.length)
  writeHeader(frame, 0, firstByte, payload.length, 0)
  frame.set(payload, headerSize)
  return frame
}

/** For few bytes or many small pieces, separate writes cost more than a copy. */
function isWorthCopying(count: number, length: number): boolean {
  return length <= MAX_COPIED_LENGTH || (length <= SLAB_SIZE && length < count * SMALL_PIECE)
}

const EMPTY: Uint8Array[] = []
/** A write that waits in a stream takes some 500 bytes besides its data. */
const MAX_WAITING_WRITES = 64
/** A text of this length always fits into a run, at three bytes per character. */
const MAX_TEXT_IN_SLAB = 16_384
/** The answers to a read of 64 KiB fit, with the space that is reserved for the last text, so that they leave in one write. */
const MAX_RUN = 131_072
const SLAB_SIZE = 2 * MAX_RUN
/** Bytes, on average. */
const SMALL_PIECE = 1024
let slab = new WriteSlab(SLAB_SIZE)

/** Bytes of a header without its masking key. */
function headerSizeOf(length: number): number {
  return length < 126 ? 2 : length < 65_536 ? 4 : 10
}

/** Writes a header, without its masking key. */
function writeHeader(target: Buffer, start: number, firstByte: number, length: number, maskBit: number): void {
  target[start] = firstByte
  if (length < 126) {
    target[start + 1] = maskBit | length
  } else if (length < 65_536) {
    target[start + 1] = maskBit | 126
    target.writeUInt16BE(length, start + 2)
  } else {
    target[start + 1] = maskBit | 127
    target.writeUInt32BE(Math.floor(length / 2 ** 32), start + 2)
    target.writeUInt32BE(length % 2 ** 32, start + 6)
  }
}
