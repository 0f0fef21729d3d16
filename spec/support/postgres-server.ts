import { execFile, spawn } from 'node:child_process'
import type { ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { chownSync, existsSync, mkdtempSync, readdirSync, rmSync } from 'node:fs'
import { tmpdir, userInfo } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { freePort } from './redis-server.ts'

const VERSIONS = '/usr/lib/postgresql'
const [version] = existsSync(VERSIONS) ? readdirSync(VERSIONS) : []
const programs = version === undefined ? undefined : join(VERSIONS, version, 'bin')

/** Whether PostgreSQL is installed. Prints a message if it is not. */
export function hasPostgres(what: string): boolean {
  if (programs === undefined) console.warn(`${what} is not tried: there is no PostgreSQL in ${VERSIONS} here. .ci/run installs it.`)
  return programs !== undefined
}

/** A real PostgreSQL on its own port that can be killed and restarted. */
export class PostgresServer {
  readonly port: number
  readonly #folder: string
  #child: ChildProcess | undefined

  private constructor(port: number, folder: string) {
    this.port = port
    this.#folder = folder
  }

  /** Creates an empty database and starts nothing yet. */
  static async create(): Promise<PostgresServer> {
    const folder = mkdtempSync(join(tmpdir(), 'postgres-'))
    const server = new PostgresServer(await freePort(), folder)
    servers.push(server)
    if (isRoot) {
      const [user, group] = await Promise.all(['-u', '-g'].map(async (option) => Number((await run('id', [option, 'postgres'])).stdout)))
      chownSync(folder, user ?? 0, group ?? 0)
    }
    const [command, ...parameters] = asPostgres('initdb', '-D', folder, '-U', 'postgres', '-A', 'trust', '--no-sync')
    await run(command, parameters)
    return server
  }

  static async start(): Promise<PostgresServer> {
    const server = await PostgresServer.create()
    await server.start()
    return server
  }

  /** The options for a pool of `pg`. */
  get address(): { host: string; port: number; user: string; database: string } {
    return { host: '127.0.0.1', port: this.port, user: 'postgres', database: 'postgres' }
  }

  async start(): Promise<void> {
    const settings = [
      '-h',
      '127.0.0.1',
      '-p',
      String(this.port),
      '-k',
      this.#folder,
      '-F',
      '-c',
      'log_min_messages=fatal',
      '-c',
      'max_connections=20',
    ]
    const [command, ...parameters] = asPostgres('postgres', '-D', this.#folder, ...settings)
    const isReady = (): Promise<boolean> =>
      run(join(programs ?? '', 'pg_isready'), ['-h', '127.0.0.1', '-p', String(this.port)]).then(
        () => true,
        () => false,
      )
    for (;;) {
      const child = spawn(command, parameters, { stdio: 'ignore' })
      this.#child = child
      while (child.exitCode === null) if (await isReady()) return
      // A killed process may not have released the folder yet.
    }
  }

  /** Kills the server. Its connections end without a message. */
  async kill(): Promise<void> {
    const child = this.#child
    if (child === undefined) return
    this.#child = undefined
    const exited = once(child, 'exit')
    // If it had no time to end its children, they would survive.
    child.kill('SIGQUIT')
    await exited
  }

  async remove(): Promise<void> {
    await this.kill()
    rmSync(this.#folder, { recursive: true, force: true })
  }
}

/** Kills all started servers. For `afterEach`. */
export async function killPostgresServers(): Promise<void> {
  for (const server of servers.splice(0)) await server.remove()
}

const servers: PostgresServer[] = []
const run = promisify(execFile)
const isRoot = userInfo().uid === 0

/** PostgreSQL refuses to run as root. */
function asPostgres(program: string, ...parameters: string[]): [string, ...string[]] {
  const path = join(programs ?? '', program)
  return isRoot ? ['setpriv', '--reuid=postgres', '--regid=postgres', '--clear-groups', path, ...parameters] : [path, ...parameters]
}
