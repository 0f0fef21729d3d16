import { fork } from 'node:child_process'
import type { ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import { text } from 'node:stream/consumers'
import type { HostileServerPorts, HostileServerSettings, HostileServerState } from './server-settings.ts'

/** The server under attack, in a separate process, so that a crash and its memory can be observed. */
export class HostileServer {
  readonly ports: HostileServerPorts
  readonly #child: ChildProcess
  readonly #errors: Promise<string>
  readonly #death: Promise<never>

  static async start(settings: HostileServerSettings = {}): Promise<HostileServer> {
    const child = fork(join(__dirname, 'server.ts'), [JSON.stringify(settings)], {
      cwd: join(__dirname, '..', '..', '..'),
      execArgv: ['--expose-gc', '-r', 'esbuild-register'],
      stdio: ['ignore', 'ignore', 'pipe', 'ipc'],
    })
    const errors = child.stderr === null ? Promise.resolve('') : text(child.stderr)
    const death = once(child, 'exit').then(async () => {
      throw new Error(`The server has died (${child.signalCode ?? child.exitCode}): ${await errors}`)
    })
    // Each request checks it.
    death.catch(() => undefined)
    const [{ ports }] = (await Promise.race([once(child, 'message'), death])) as [{ ports: HostileServerPorts }]
    return new HostileServer(child, errors, death, ports)
  }

  private constructor(child: ChildProcess, errors: Promise<string>, death: Promise<never>, ports: HostileServerPorts) {
    this.#child = child
    this.#errors = errors
    this.#death = death
    this.ports = ports
  }

  get processId(): number {
    return this.#child.pid ?? 0
  }

  get isAlive(): boolean {
    return this.#child.exitCode === null && this.#child.signalCode === null
  }

  /** The report of the server about itself. If it has died, rejects with its output. */
  async state(): Promise<HostileServerState> {
    return this.#ask('state')
  }

  /** The same after a garbage collection. */
  async stateAfterCollection(): Promise<HostileServerState> {
    return this.#ask('collect garbage')
  }

  /** The peak growth of the server's memory during `attack`, in bytes. */
  async growthDuring(attack: () => Promise<void>): Promise<number> {
    const { peakMemory } = await this.#ask('forget peak')
    await attack()
    return (await this.state()).peakMemory - peakMemory
  }

  /** Ends the server, and returns its standard error. */
  async stop(): Promise<string> {
    this.#child.kill()
    return this.#errors
  }

  /** Kills a server that may not respond any more. */
  kill(): void {
    this.#child.kill('SIGKILL')
  }

  async #ask(message: 'state' | 'forget peak' | 'collect garbage'): Promise<HostileServerState> {
    if (!this.isAlive) return this.#death
    // If the server dies meanwhile, its exit reports that.
    this.#child.send(message, () => undefined)
    const [{ state }] = (await Promise.race([once(this.#child, 'message'), this.#death])) as [{ state: HostileServerState }]
    return state
  }
}
