import type { ChildProcess } from 'node:child_process'
import { monitorEventLoopDelay } from 'node:perf_hooks'

/** How late the event loops of the server and of this process were, second by second. */
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

  /** The greatest delay of the server, ever. Milliseconds. */
  get ofServer(): number {
    return this.#ofServer
  }

  /** The greatest delay of this process, ever. Milliseconds. */
  get ofClient(): number {
    return this.#ofClient
  }

  /**
   * By how much a vanished peer may be noticed later for that, in milliseconds. On the server one timer has to fire for the ping, and one for
   * the answer; and what the peer had sent before leaves this process when that gets to it.
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
