import type { RawPeer } from '../../support/raw-peer.ts'
import { readFrames } from './transports.ts'
import type { OpenedWebSocket } from './transports.ts'

/** A well-behaved WebSocket beside the hostile ones, which echoes all the time. */
export class Neighbour {
  /** What went wrong, if anything did. */
  failure: unknown
  /** How many messages came back. */
  echoes = 0
  readonly #peer: RawPeer
  #isStopped = false

  constructor(webSocket: OpenedWebSocket) {
    this.#peer = readFrames(webSocket)
    this.#echo().catch((error: unknown) => {
      this.failure = error
    })
  }

  /** Says nothing more; its connection stays. */
  stop(): void {
    this.#isStopped = true
  }

  async #echo(): Promise<void> {
    while (!this.#isStopped) {
      const text = `message ${this.echoes}`
      await this.#peer.sendFrame(1, text)
      const { opcode, payload } = await this.#peer.nextFrame()
      if (opcode !== 1 || payload.toString() !== text) throw new Error(`Not an echo: opcode ${opcode}, ${payload.toString()}`)
      this.echoes++
      await new Promise((resolve) => setTimeout(resolve, 20))
    }
  }
}
