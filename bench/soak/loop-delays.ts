import type { ChildProcess } from 'node:child_process'
import { monitorEventLoopDelay } from 'node:perf_hooks'

/** Records the delays of the event loops of the server and of this process, second by second. */
export class LoopDelays {
  readonly #own = monitorEventLoopDelay({ resolution: 10 })
  readonly #samples: { readonly from: number; readonly to: number; readonly margin: number }[] = []
  readonly #timer: NodeJS.Timeout
  #from = Date.now()
  #ofServer = 0
  #ofClient = 0

  constructor(server: ChildProcess) {
    this.#own.enable()
    this.#timer = setInterval(() => server.connected && server.send('delay'), 1000)
    server.on('message', ({ delay }: { readonly delay?: number }) => {
      if (delay !== undefined) this.#add(delay)
    })
  }

  /** The longest delay of the server's event loop, in milliseconds. */
  get ofServer(): number {
    return this.#ofServer
  }

  /** The longest delay of this process's event loop, in milliseconds. */
  get ofClient(): number {
    return this.#ofClient
  }

  /**
   * By how much event loop delays may postpone the detection of a vanished peer, in milliseconds. The server needs two timers,
   * for the ping and for its time-out. And this process may send what the peer wrote earlier only after it has vanished.
   */
  marginOf(from: number, to: number): number {
    return this.#samples.reduce((most, sample) => (sample.to < from || sample.from > to ? most : Math.max(most, sample.margin)), 0)
  }

  stop(): void {
    clearInterval(this.#timer)
  }

  #add(delay: number): void {
    const now = Date.now()
    const own = this.#own.max / 1e6
    this.#samples.push({ from: this.#from, to: now, margin: 2 * delay + own })
    this.#from = now
    this.#ofServer = Math.max(this.#ofServer, delay)
    this.#ofClient = Math.max(this.#ofClient, own)
    this.#own.reset()
  }
}
