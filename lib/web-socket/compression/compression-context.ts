import type { Job } from './job-limit.ts'
import { JobLimit } from './job-limit.ts'
import { canWriteNow, unreadBytes, writeNow } from './zlib-internals.ts'
import type { RawZlibStream } from './zlib-internals.ts'

/** The maximum output of one `processNow`, in bytes. */
export const MAX_PROCESSED_NOW = 65_536

/** The output of the last `processNow` of any context. */
export const processedNow = Buffer.allocUnsafeSlow(MAX_PROCESSED_NOW)

/** Called with the error of zlib or with the output, or without both if the output would exceed the limit. */
export type ProcessedCallback = (error: Error | undefined, output: Buffer | undefined) => void

/**
 * The state of a compressor or decompressor between messages (RFC 7692, section 7.1.1): one zlib stream, which works synchronously or in Node's
 * thread pool. It flushes after each input.
 */
export class CompressionContext implements Job {
  next: Job | undefined
  previous: Job | undefined
  /** Whether the compressed data has ended with a final block (RFC 7692, section 7.2.3.4). No data can follow. */
  hasEnded = false
  /** Whether this context can work synchronously. */
  readonly canProcessNow: boolean
  readonly #stream: RawZlibStream
  /** The current or waiting job for the thread pool. */
  #input: Uint8Array | undefined
  #chunks: Buffer[] = []
  #room = 0
  #callback: ProcessedCallback | undefined
  #isClosing = false

  constructor(stream: RawZlibStream) {
    this.#stream = stream
    this.canProcessNow = canWriteNow(stream)
    stream.on('data', (chunk: Buffer) => this.#onChunk(chunk))
    // Errors of `processNow` also arrive here, after it has returned.
    stream.on('error', (error) => this.#finish(error))
  }

  /**
   * Processes the first `length` bytes of `input` into {@link processedNow}, at most to `room` bytes.
   * @returns the number of bytes, or the error of zlib.
   */
  processNow(input: Uint8Array, length: number, room: number): number | Error {
    // A write in this state would end the process.
    if (this.#callback !== undefined) throw new Error('The thread pool works on this zlib stream')
    const count = writeNow(this.#stream, input, length, processedNow, room)
    this.hasEnded = count < room && this.unreadBytes > 0
    return this.#stream.errored ?? count
  }

  /** The number of input bytes that the last `processNow` has not consumed. */
  get unreadBytes(): number {
    return unreadBytes(this.#stream)
  }

  /** Processes `input` in the thread pool, at most to `room` bytes. The input must not change meanwhile. */
  processInPool(input: Uint8Array, room: number, callback: ProcessedCallback): void {
    this.#input = input
    this.#room = room
    this.#callback = callback
    jobs.run(this)
  }

  /** Starts the job of `processInPool`. */
  start(): void {
    const input = this.#input
    if (input === undefined || this.#isClosing) return this.#finish(new Error('The WebSocket has ended'))
    const { bytesWritten } = this.#stream
    this.#stream.write(input, (error) => {
      this.hasEnded = this.#stream.bytesWritten - bytesWritten < input.length
      this.#finish(error ?? undefined)
    })
  }

  /** Forgets all messages. */
  reset(): void {
    this.#stream.reset()
  }

  /** Frees the memory as soon as the thread pool no longer uses it. */
  close(): void {
    this.#isClosing = true
    if (this.#callback === undefined) this.#stream.close()
  }

  #onChunk(chunk: Buffer): void {
    this.#room -= chunk.length
    if (this.#room >= 0) this.#chunks.push(chunk)
    else this.#finish()
  }

  #finish(error?: Error): void {
    const callback = this.#callback
    if (callback === undefined) return
    const [chunk, ...others] = this.#chunks
    const output = chunk !== undefined && others.length === 0 ? chunk : Buffer.concat(this.#chunks)
    const isTooLong = this.#room < 0
    this.#input = undefined
    this.#callback = undefined
    this.#chunks = []
    if (this.#isClosing || isTooLong) this.#stream.close()
    jobs.release()
    callback(error, isTooLong ? undefined : output)
  }
}

/**
 * The maximum number of jobs in the thread pool, for the whole process. Other code also needs the four threads of the pool. Thousands of allocations
 * of zlib at a time fragment the memory (nodejs/node#8871).
 */
const MAX_JOBS = 10
const jobs = new JobLimit(MAX_JOBS)
