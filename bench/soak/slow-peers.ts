import type { Socket } from 'node:net'
import { setTimeout as delay } from 'node:timers/promises'
import { connect } from '../load/connect.ts'
import { clientFrame, CLOSE, messageOf } from '../load/frames.ts'

/** Peers that live and are slow: some send a long message for longer than a dead peer is waited for, the others take as long to read one. */
export class SlowPeers {
  /** Milliseconds that a message takes. */
  readonly duration: number
  /** How many messages came through. */
  count = 0
  readonly #port: number
  readonly #onError: (error: Error) => void
  readonly #playing = new Set<Promise<void>>()
  #started = 0

  /** @param patience - the milliseconds after which a peer that gives no sign of life is dead. */
  constructor(port: number, patience: number, onError: (error: Error) => void) {
    this.#port = port
    this.#onError = onError
    this.duration = 1.5 * patience
  }

  /** Lets as many play as may at a time. */
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

  /** Sends one message, and reads the echo: one of both slowly. */
  async #play(isReader: boolean): Promise<void> {
    const message = messageOf(isReader ? READ_LENGTH : SENT_LENGTH)
    const connection = await connect(this.#port, `/soak/-${this.#started}`)
    const { socket } = connection
    // Not once(), which rejects when the socket fails.
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
/** Bytes. More than all kernel buffers hold, because reads from those buffers are not visible. */
const READ_LENGTH = 16_000_000
const SENT_LENGTH = 1_000_000
const PARTS = 100

function restFor(socket: Socket, milliseconds: number): void {
  socket.pause()
  setTimeout(() => socket.resume(), milliseconds)
}
