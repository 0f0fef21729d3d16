import type { Socket } from 'node:net'
import { parseFrames } from '../../spec/support/raw-frames.ts'
import { connect } from '../load/connect.ts'
import { clientFrame, CLOSE, messageOf } from '../load/frames.ts'

/** A client of the soak test: it sends messages, answers pings, and closes or vanishes. */
export class SoakClient {
  /** The number of echoes received by all clients. */
  static echoes = 0
  readonly id: number
  /** Milliseconds since 1970. */
  vanishedAt: number | undefined
  isLeaving = false
  readonly #socket: Socket
  readonly #onError: (error: Error) => void
  #rest: Buffer = Buffer.alloc(0)
  #expected: Buffer[] = []

  static async open(port: number, id: number, onError: (error: Error) => void): Promise<SoakClient> {
    const connection = await connect(port, `/soak/${id}`)
    const client = new SoakClient(id, connection.socket, onError)
    connection.onBytes = (bytes) => client.#receive(bytes)
    return client
  }

  private constructor(id: number, socket: Socket, onError: (error: Error) => void) {
    this.id = id
    this.#socket = socket
    this.#onError = onError
    socket.on('close', () => {
      if (!this.isLeaving && this.vanishedAt === undefined) onError(new Error(`The server ended connection ${id}`))
    })
  }

  /** Sends a message and expects its echo. */
  send(length: number): void {
    const message = messageOf(length)
    this.#expected.push(message)
    this.#socket.write(clientFrame(message, false))
  }

  /** Starts the closing handshake. */
  leave(): void {
    this.isLeaving = true
    this.#socket.write(CLOSE)
  }

  /** Stops reading and writing without a FIN, as a machine does that has lost its network. */
  vanish(): void {
    this.vanishedAt = Date.now()
    this.#socket.pause()
  }

  /** Resets the connection, as a machine does that was restarted. */
  reset(): void {
    this.vanishedAt = Date.now()
    this.#socket.resetAndDestroy()
  }

  /** Destroys the socket of a client that has vanished. */
  bury(): void {
    this.#socket.destroy()
  }

  #receive(bytes: Uint8Array): void {
    if (this.vanishedAt !== undefined) return
    const { frames, rest } = parseFrames(Buffer.concat([this.#rest, bytes]))
    this.#rest = Buffer.from(rest)
    for (const { opcode, payload } of frames) {
      if (opcode === PING) this.#socket.write(pong(payload))
      if (opcode === BINARY) this.#check(payload)
    }
  }

  #check(payload: Buffer): void {
    const expected = this.#expected.shift()
    if (expected === undefined || !payload.equals(expected)) this.#onError(new Error(`Connection ${this.id} got no echo of what it sent`))
    else SoakClient.echoes++
  }
}

const BINARY = 2
const PING = 9

/** Encodes a Pong with a masking key of zeros. */
function pong(payload: Buffer): Buffer {
  return Buffer.concat([Buffer.of(0x8a, 0x80 | payload.length, 0, 0, 0, 0), payload])
}
