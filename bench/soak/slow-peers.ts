import type { Socket } from 'node:net'
import { setTimeout as delay } from 'node:timers/promises'
import { connect } from '../load/connect.ts'
import { clientFrame, CLOSE, messageOf } from '../load/frames.ts'

/** Live but slow peers. Some take longer to send a message than the keep-alive time-out, the others take as long to read one. */
export class SlowPeers {
  /** How long a message takes, in milliseconds. */
  readonly duration: number
  /** The number of complete echoes. */
  count = 0
  readonly #port: number
  readonly #onError: (error: Error) => void
  readonly #playing = new Set<Promise<void>>()
  #started = 0

  /** @param patience - the milliseconds after which the server takes a silent peer for dead. */
  constructor(port: number, patience: number, onError: (error: Error) => void) {
    this.#port = port
    this.#onError = onError
    this.duration = 1.5 * patience
  }

  /** Starts peers until the maximum number is running. */
  fill(): void {
    while (this.#playing.size < AT_A_TIME) {
      const playing: Promise<void> = this.#play(this.#started++ % 2 === 0)
        .catch(this.#onError)
        .finally(() => this.#playing.delete(playing))
      this.#playing.add(playing)
    }
  }

  async ended(): Promise<void> {
    await Promise.all(this.#playing)
  }

  /** Sends one message and reads the echo. One of the two is slow. */
  async #play(isReader: boolean): Promise<void> {
    const message = messageOf(isReader ? READ_LENGTH : SENT_LENGTH)
    const connection = await connect(this.#port, `/soak/-${this.#started}`)
    const { socket } = connection
    // Not once(), which rejects when the socket emits an error.
    const ended = new Promise<void>((resolve) => {
      socket.once('close', () => resolve())
    })
    const echo = new Promise<void>((resolve, reject) => {
      void ended.then(() => reject(new Error(`The server ended the connection of a peer that ${isReader ? 'reads' : 'sends'} slowly`)))
      let rest = message.length
      connection.onBytes = (bytes) => {
        rest -= bytes.length
        if (rest <= 0) resolve()
        else if (isReader) restFor(socket, (bytes.length / message.length) * this.duration)
      }
    })
    const frame = clientFrame(message, false)
    const part = isReader ? frame.length : Math.ceil(frame.length / PARTS)
    for (let start = 0; start < frame.length; start += part) {
      socket.write(frame.subarray(start, start + part))
      if (!isReader) await delay(this.duration / PARTS)
    }
    await echo
    this.count++
    socket.write(CLOSE)
    socket.resume()
    await ended
  }
}

const AT_A_TIME = 8
/** In bytes. More than all kernel buffers hold, because the server cannot see reads from those buffers. */
const READ_LENGTH = 16_000_000
const SENT_LENGTH = 1_000_000
const PARTS = 100

function restFor(socket: Socket, milliseconds: number): void {
  socket.pause()
  setTimeout(() => socket.resume(), milliseconds)
}
