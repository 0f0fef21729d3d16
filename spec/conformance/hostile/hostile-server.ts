import { fork } from 'node:child_process'
import type { ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import { text } from 'node:stream/consumers'
import type { HostileServerPorts, HostileServerSettings, HostileServerState } from './server-settings.ts'

/** The server under attack, in a process of its own, so that a crash is seen and its memory is its own. */
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
    // It is looked at with every question.
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

  /** What the server tells about itself; rejects with what it printed if it has died. */
  async state(): Promise<HostileServerState> {
    return this.#ask('state')
  }

  /** The same, behind a collection of garbage. */
  async stateAfterCollection(): Promise<HostileServerState> {
    return this.#ask('collect garbage')
  }

  /** By how many bytes the memory of the server has grown at its peak while `attack` ran. */
  async growthDuring(attack: () => Promise<void>): Promise<number> {
    const { peakMemory } = await this.#ask('forget peak')
    await attack()
    return (await this.state()).peakMemory - peakMemory
  }

  /** Ends the server; returns what it has printed to its standard error. */
  async stop(): Promise<string> {
    this.#child.kill()
    return this.#errors
  }

  /** Ends a server that may not listen to anybody any more. */
  kill(): void {
    this.#child.kill('SIGKILL')
  }

  async #ask(message: 'state' | 'forget peak' | 'collect garbage'): Promise<HostileServerState> {
    if (!this.isAlive) return this.#death
    // A server that dies meanwhile is told of by its death.
    this.#child.send(message, () => undefined)
    const [{ state }] = (await Promise.race([once(this.#child, 'message'), this.#death])) as [{ state: HostileServerState }]
    return state
  }
}
