import type { RawFrame } from '../../support/raw-frames.ts'
import type { RawPeer } from '../../support/raw-peer.ts'
import { readFrames } from './transports.ts'
import type { OpenedWebSocket } from './transports.ts'

/** A well-behaved WebSocket next to the hostile ones that echoes all the time. */
export class Neighbour {
  readonly #peer: RawPeer
  readonly #whenFailed: Promise<never>
  #echoes = 0
  #isStopped = false
  #onEcho: () => void = ignore

  constructor(webSocket: OpenedWebSocket) {
    this.#peer = readFrames(webSocket)
    this.#whenFailed = this.#echo()
    this.#whenFailed.catch(ignore)
  }

  /** Resolves with the next echo. Rejects if anything other than an echo has arrived. */
  async nextEcho(): Promise<void> {
    const echo = new Promise<void>((resolve) => {
      this.#onEcho = resolve
    })
    await Promise.race([echo, this.#whenFailed])
  }

  /** Stops sending; its connection stays open. */
  stop(): void {
    this.#isStopped = true
  }

  async #echo(): Promise<never> {
    while (!this.#isStopped) {
      const text = `message ${this.#echoes}`
      await this.#peer.sendFrame(1, text)
      const { opcode, payload } = await this.#nextMessage()
      if (opcode !== 1 || payload.toString() !== text) throw new Error(`Not an echo: opcode ${opcode}, ${payload.toString()}`)
      this.#echoes++
      this.#onEcho()
      await new Promise((resolve) => setTimeout(resolve, 20))
    }
    throw new Error('The neighbour was stopped')
  }

  async #nextMessage(): Promise<RawFrame> {
    for (;;) {
      const frame = await this.#peer.nextFrame()
      if (frame.opcode !== PING) return frame
      await this.#peer.sendFrame(PONG, frame.payload)
    }
  }
}

const PING = 9
const PONG = 10

function ignore(): void {}
