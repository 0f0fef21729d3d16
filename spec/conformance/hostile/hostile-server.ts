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

  static async start(settings: HostileServerSettings = {}): Promise<HostileServer> {
    const child = fork(join(__dirname, 'server.ts'), [JSON.stringify(settings)], {
      cwd: join(__dirname, '..', '..', '..'),
      execArgv: ['-r', 'esbuild-register'],
      stdio: ['ignore', 'ignore', 'pipe', 'ipc'],
    })
    const errors = child.stderr === null ? Promise.resolve('') : text(child.stderr)
    const [{ ports }] = (await Promise.race([once(child, 'message'), failure(child, errors)])) as [{ ports: HostileServerPorts }]
    return new HostileServer(child, errors, ports)
  }

  private constructor(child: ChildProcess, errors: Promise<string>, ports: HostileServerPorts) {
    this.#child = child
    this.#errors = errors
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
    if (!this.isAlive) return failure(this.#child, this.#errors)
    this.#child.send('state')
    const [{ state }] = (await Promise.race([once(this.#child, 'message'), failure(this.#child, this.#errors)])) as [
      { state: HostileServerState },
    ]
    return state
  }

  /** Ends the server; returns what it has printed to its standard error. */
  async stop(): Promise<string> {
    this.#child.kill()
    return this.#errors
  }
}

async function failure(child: ChildProcess, errors: Promise<string>): Promise<never> {
  if (child.exitCode === null && child.signalCode === null) await once(child, 'exit')
  throw new Error(`The server has died (${child.signalCode ?? child.exitCode}): ${await errors}`)
}
