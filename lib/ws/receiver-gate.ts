import { Writable } from 'node:stream'
import type { Duplex } from 'node:stream'
import type { WebSocket } from 'ws'
import { HeldBack } from '../web-socket/memory/hold-back.ts'
import { mergeSmall } from './merge-small.ts'
import { receiverOf } from './ws-web-socket-internals.ts'
import type { ReceiverCallback, WsReceiver } from './ws-web-socket-internals.ts'

/**
 * Stands before what reads the frames of a socket of `ws`, its receiver. That emits every message of a chunk that it was given, 11,000 of a chunk
 * of 64 KiB if they are empty, and keeps each part of an unfinished message as it came. The gate stops it between two messages, with the rest of
 * the chunk as bytes, and makes one of many small parts.
 */
export class ReceiverGate {
  readonly #webSocket: WebSocket
  readonly #stream: Duplex
  readonly #source: Duplex
  readonly #receiver: WsReceiver
  /** The receiver's own. */
  readonly #startLoop: WsReceiver['startLoop']
  #isStopped = false
  #isStoppable = true
  /** Whether the application has paused the socket. */
  #isPaused = false
  /** Whether the receiver is to go on with its chunk when it is not stopped any more. */
  #isWaiting = false
  /** To be called when the receiver is done with its chunk. */
  #done: ReceiverCallback = ignore
  /** What is held back of the stream. */
  #heldBack: HeldBack | undefined

  /**
   * @param stream - what the socket is connected to.
   * @param source - where that has its bytes from: itself, or the stream under it.
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
    // No code waits for the held data then, so it goes to the listeners.
    stream.on('close', () => {
      this.#isStoppable = false
      this.goOn()
      this.unpause()
    })
  }

  /** Lets the receiver stop behind the message that it emits at present. */
  stop(): void {
    if (!this.#isStoppable) return
    this.#isStopped = true
    this.#receiver._loop = false
    this.#holdStream()
  }

  /** Lets the receiver go on, at once: it may emit messages, and be stopped again, before this returns. */
  goOn(): void {
    if (!this.#isStopped) return
    this.#isStopped = false
    if (this.#isWaiting) this.start(this.#onParsed)
    else this.#letStreamGo()
  }

  /** Keeps back what arrives, as long as the application has paused the socket. */
  pause(): void {
    this.#isPaused = true
    this.#holdStream()
  }

  /** Leaves a stream that is paused to `ws`. */
  unpause(): void {
    this.#isPaused = false
    this.#letStreamGo()
  }

  /** The receiver has as much as it may while it is not done with a chunk: it inflates. */
  onBusy(): void {
    this.#holdStream()
  }

  /** The receiver has a new chunk, or has inflated something and goes on. */
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
    // `ws` then reads on, even if it was paused, up to the end of the connection.
    if (error) this.#isPaused = false
    mergeSmall(receiver._buffers, MANY_BUFFERS)
    mergeSmall(receiver._fragments, MANY_FRAGMENTS)
    this.#done(error)
    this.#letStreamGo()
  }

  #holdStream(): void {
    if (this.#heldBack !== undefined) return
    this.#stream.pause()
    this.#heldBack = new HeldBack(this.#source)
  }

  #letStreamGo(): void {
    const heldBack = this.#heldBack
    if (heldBack === undefined || this.#isPaused) return
    // It is stopped, or inflates, perhaps something of the next chunk.
    if (this.#receiver.writableLength > 0) return
    this.#heldBack = undefined
    heldBack.stop()
    // If the application has resumed the stream, that may have begun anew.
    if (this.#heldBack === undefined && !this.#webSocket.isPaused) this.#stream.resume()
  }
}

interface GatedReceiver extends WsReceiver {
  [GATE]?: ReceiverGate
}

const GATE = Symbol('ReceiverGate')

/** `ws` gives it nothing but chunks, and pauses the connection if it returns `false`. */
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

/** Each of some 450 bytes (Node 20): a read by itself. */
const MANY_BUFFERS = 16
/** Each of some 110 bytes. An application that wants fragments as they are sees so many small ones as one. */
const MANY_FRAGMENTS = 128

function ignore(): void {}
