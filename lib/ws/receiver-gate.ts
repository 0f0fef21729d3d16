import { Writable } from 'node:stream'
import type { Duplex } from 'node:stream'
import type { WebSocket } from 'ws'
import { HeldBack } from '../web-socket/memory/hold-back.ts'
import { mergeSmall } from './merge-small.ts'
import { receiverOf } from './ws-web-socket-internals.ts'
import type { ReceiverCallback, WsReceiver } from './ws-web-socket-internals.ts'

/**
 * Controls the receiver of a `ws` socket, which parses the frames. The receiver emits all messages of a chunk at once, which can be 11,000 empty
 * messages in 64 KiB, and it keeps each chunk of an unfinished message separately. The gate can stop it between two messages, so that the rest of the
 * chunk waits as bytes, and it merges small chunks.
 */
export class ReceiverGate {
  readonly #webSocket: WebSocket
  readonly #stream: Duplex
  readonly #source: Duplex
  readonly #receiver: WsReceiver
  /** The receiver's own method. */
  readonly #startLoop: WsReceiver['startLoop']
  #isStopped = false
  #isStoppable = true
  /** Whether the application has paused the socket. */
  #isPaused = false
  /** Whether the receiver must continue with its chunk when the stop ends. */
  #isWaiting = false
  /** Called when the receiver has parsed its chunk. */
  #done: ReceiverCallback = ignore
  /** The data that is held back from the stream. */
  #heldBack: HeldBack | undefined

  /**
   * @param stream - the stream that `ws` uses as its socket.
   * @param source - the stream whose incoming data is held back: `stream` itself, or the one below it.
   */
  constructor(webSocket: WebSocket, stream: Duplex, source: Duplex) {
    this.#webSocket = webSocket
    this.#stream = stream
    this.#source = source
    const receiver: GatedReceiver = receiverOf(webSocket)
    this.#receiver = receiver
    this.#startLoop = receiver.startLoop
    receiver[GATE] = this
    receiver.write = writeThroughGate
    receiver.startLoop = startThroughGate
    // No more data will arrive, so the held data goes to the listeners.
    stream.on('close', () => {
      this.#isStoppable = false
      this.proceed()
      this.unpause()
    })
  }

  /** Stops the receiver after the message that it is emitting. */
  stop(): void {
    if (!this.#isStoppable) return
    this.#isStopped = true
    this.#receiver._loop = false
    this.#holdStream()
  }

  /** Ends the stop. The receiver continues synchronously: it may emit messages, and be stopped again, before this returns. */
  proceed(): void {
    if (!this.#isStopped) return
    this.#isStopped = false
    if (this.#isWaiting) this.start(this.#onParsed)
    else this.#releaseStream()
  }

  /** Holds back incoming data while the application has paused the socket. */
  pause(): void {
    this.#isPaused = true
    this.#holdStream()
  }

  /** Ends `pause()`. From now on, only `ws` pauses the stream. */
  unpause(): void {
    this.#isPaused = false
    this.#releaseStream()
  }

  /** Called when the receiver has enough data while it has not finished a chunk: it is inflating. */
  onBusy(): void {
    this.#holdStream()
  }

  /** Called when the receiver has a new chunk, or has inflated data and continues. */
  start(callback: ReceiverCallback): void {
    if (callback !== this.#onParsed) this.#done = callback
    this.#isWaiting = this.#isStopped
    if (!this.#isStopped) this.#startLoop.call(this.#receiver, this.#onParsed)
  }

  readonly #onParsed = (error?: Error | null): void => {
    const receiver = this.#receiver
    if (this.#isStopped && !error) {
      this.#isWaiting = true
      return
    }
    // After an error, `ws` reads to the end of the connection, even if the socket was paused.
    if (error) this.#isPaused = false
    mergeSmall(receiver._buffers, MANY_BUFFERS)
    mergeSmall(receiver._fragments, MANY_FRAGMENTS)
    this.#done(error)
    this.#releaseStream()
  }

  #holdStream(): void {
    if (this.#heldBack !== undefined) return
    this.#stream.pause()
    this.#heldBack = new HeldBack(this.#source)
  }

  #releaseStream(): void {
    const heldBack = this.#heldBack
    if (heldBack === undefined || this.#isPaused) return
    // The receiver is stopped or is inflating, perhaps data of the next chunk.
    if (this.#receiver.writableLength > 0) return
    this.#heldBack = undefined
    heldBack.stop()
    // If the stream is flowing, `stop()` emits data, which may start another hold.
    if (this.#heldBack === undefined && !this.#webSocket.isPaused) this.#stream.resume()
  }
}

interface GatedReceiver extends WsReceiver {
  [GATE]?: ReceiverGate
}

const GATE = Symbol('ReceiverGate')

/** `ws` passes only chunks, and pauses the connection if this returns `false`. */
function writeThroughGate(this: GatedReceiver, chunk: unknown): boolean {
  const isSecond = this.writableLength > 0
  const takesMore = writeToStream.call(this, chunk)
  if (isSecond || (!takesMore && this.writableLength > 0)) this[GATE]?.onBusy()
  return takesMore
}

function startThroughGate(this: GatedReceiver, callback: ReceiverCallback): void {
  this[GATE]?.start(callback)
}

const { write: writeToStream } = Writable.prototype as { write: (chunk: unknown) => boolean }

/** A chunk that was read separately takes some 450 bytes (Node 20). */
const MANY_BUFFERS = 16
/** A fragment takes some 110 bytes. With the binary type `'fragments'`, an application sees this many small fragments as one. */
const MANY_FRAGMENTS = 128

function ignore(): void {}
