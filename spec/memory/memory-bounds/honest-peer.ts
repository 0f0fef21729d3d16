import { once } from 'node:events'
import type { Duplex } from 'node:stream'
import { rawFrame } from '../../support/raw-frames.ts'
import { openOver } from '../../conformance/hostile/transports.ts'
import type { MeasuredServer } from './measured-server.ts'

/** A client that asks and reads what it is answered. It ends with `closeConnections`. */
export class HonestPeer {
  readonly #duplex: Duplex
  #received = 0
  #expected = 0

  static async connect({ ports }: MeasuredServer): Promise<HonestPeer> {
    // Over TLS what the server writes is not free again at once, as it is over TCP.
    return new HonestPeer((await openOver('https', ports, { path: '/honest' })).duplex)
  }

  private constructor(duplex: Duplex) {
    this.#duplex = duplex
    duplex.on('data', ({ length }: Buffer) => (this.#received += length)).resume()
  }

  /** Asks, and waits for the whole answer. */
  async askAndRead(): Promise<void> {
    this.#expected += ANSWER_LENGTH
    this.#duplex.write(rawFrame(1, String(ANSWER_LENGTH)))
    while (this.#received < this.#expected) await once(this.#duplex, 'data')
  }
}

/** As long as the memory that frames of several sockets are laid out in, so that each answer needs another one if anybody holds the one before. */
const ANSWER_LENGTH = 262_144
