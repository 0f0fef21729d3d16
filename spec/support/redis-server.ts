import { spawn } from 'node:child_process'
import type { ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { randomInt } from 'node:crypto'
import { existsSync } from 'node:fs'
import { createServer } from 'node:net'
import type { AddressInfo } from 'node:net'

const PROGRAM = '/usr/bin/redis-server'

/** Whether Redis is installed. Prints a message if it is not. */
export function hasRedis(what: string): boolean {
  const isThere = existsSync(PROGRAM)
  if (!isThere) console.warn(`${what} is not tried: there is no ${PROGRAM} here. .ci/run installs it.`)
  return isThere
}

/** A real Redis on its own port that can be killed and restarted. */
export class RedisServer {
  readonly port: number
  #child: ChildProcess | undefined

  private constructor(port: number) {
    this.port = port
  }

  /** Chooses a port and starts nothing yet. */
  static async choosePort(): Promise<RedisServer> {
    const server = new RedisServer(await freePort())
    servers.push(server)
    return server
  }

  static async start(): Promise<RedisServer> {
    const server = await RedisServer.choosePort()
    await server.start()
    return server
  }

  get url(): string {
    return `redis://127.0.0.1:${this.port}`
  }

  async start(): Promise<void> {
    const options = ['--port', String(this.port), '--bind', '127.0.0.1', '--save', '', '--appendonly', 'no']
    for (;;) {
      const child = spawn(PROGRAM, options, { stdio: ['ignore', 'pipe', 'inherit'] })
      this.#child = child
      for await (const line of child.stdout) if (String(line).includes('Ready to accept connections')) return
      // The server has ended, because a killed one may not have released the port yet.
    }
  }

  /** Kills the server without time for a clean end. */
  async kill(): Promise<void> {
    const child = this.#child
    if (child === undefined) return
    this.#child = undefined
    const exited = once(child, 'exit')
    child.kill('SIGKILL')
    await exited
  }
}

/** Kills all started servers. For `afterEach`. */
export async function killRedisServers(): Promise<void> {
  for (const server of servers.splice(0)) await server.kill()
}

const servers: RedisServer[] = []

/**
 * A free port of 127.0.0.1, outside of the range from which the system chooses ports of connections. Otherwise, while the server is down, a client
 * could get this port for its own connection, and so connect to itself.
 */
export async function freePort(): Promise<number> {
  for (;;) {
    const free = createServer().listen(randomInt(10_000, 32_000), '127.0.0.1')
    try {
      await once(free, 'listening')
    } catch {
      continue
    }
    const { port } = free.address() as AddressInfo
    free.close()
    await once(free, 'close')
    return port
  }
}
