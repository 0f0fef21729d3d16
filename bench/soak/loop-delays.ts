import type { ChildProcess } from 'node:child_process'
import { monitorEventLoopDelay } from 'node:perf_hooks'

/** How late the event loops of the server and of this process were, second by second. */
export class LoopDelays {
  readonly #own = monitorEventLoopDelay({ resolution: 10 })
  readonly #samples: { readonly from: number; readonly to: number; readonly delay: number }[] = []
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

  /** The greatest delay of the server in a time, in milliseconds. */
  greatest(from: number, to: number): number {
    return this.#samples.reduce((most, sample) => (sample.to < from || sample.from > to ? most : Math.max(most, sample.delay)), 0)
  }

  stop(): void {
    clearInterval(this.#timer)
  }

  #add(delay: number): void {
    const now = Date.now()
    this.#samples.push({ from: this.#from, to: now, delay })
    this.#from = now
    this.#ofServer = Math.max(this.#ofServer, delay)
    this.#ofClient = Math.max(this.#ofClient, this.#own.max / 1e6)
    this.#own.reset()
  }
}
