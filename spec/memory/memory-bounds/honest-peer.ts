import { once } from 'node:events'
import type { Duplex } from 'node:stream'
import { rawFrame } from '../../support/raw-frames.ts'
import { openOver } from '../../conformance/hostile/transports.ts'
import type { MeasuredServer } from './measured-server.ts'

/** A client that requests an answer and reads it. `closeConnections` ends it. */
export class HonestPeer {
  readonly #duplex: Duplex
  #received = 0
  #expected = 0

  static async connect({ ports }: MeasuredServer): Promise<HonestPeer> {
    // Over TLS, written memory is not free again at once, as it is over TCP.
    return new HonestPeer((await openOver('https', ports, { path: '/honest' })).duplex)
  }

  private constructor(duplex: Duplex) {
    this.#duplex = duplex
    duplex.on('data', ({ length }: Buffer) => (this.#received += length)).resume()
  }

  /** Requests an answer, and waits until all of it has arrived. */
  async askAndRead(): Promise<void> {
    this.#expected += ANSWER_LENGTH
    this.#duplex.write(rawFrame(1, String(ANSWER_LENGTH)))
    while (this.#received < this.#expected) await once(this.#duplex, 'data')
  }
}

/** The length of the memory that several sockets share for their frames. So each answer needs new memory if the previous one is still held. */
const ANSWER_LENGTH = 262_144
