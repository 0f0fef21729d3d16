import { spawn } from 'node:child_process'
import type { ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { randomInt } from 'node:crypto'
import { existsSync } from 'node:fs'
import { createServer } from 'node:net'
import type { AddressInfo } from 'node:net'

const PROGRAM = '/usr/bin/redis-server'

/** Whether Redis is installed. Says so if it is not. */
export function hasRedis(what: string): boolean {
  const isThere = existsSync(PROGRAM)
  if (!isThere) console.warn(`${what} is not tried: there is no ${PROGRAM} here. .ci/run installs it.`)
  return isThere
}

/** A real Redis, on a port of its own, that can be killed and started again. */
export class RedisServer {
  readonly port: number
  #child: ChildProcess | undefined

  private constructor(port: number) {
    this.port = port
  }

  /** Chooses a port, and starts nothing yet. */
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
      // It has ended: what was killed may not have let the port go.
    }
  }

  /** It has no time to say goodbye. */
  async kill(): Promise<void> {
    const child = this.#child
    if (child === undefined) return
    this.#child = undefined
    const exited = once(child, 'exit')
    child.kill('SIGKILL')
    await exited
  }
}

/** Kills all that were started. For `afterEach`. */
export async function killRedisServers(): Promise<void> {
  for (const server of servers.splice(0)) await server.kill()
}

const servers: RedisServer[] = []

/**
 * A port of 127.0.0.1 that nobody listens on. None of those that the system gives to connections: while a server is down, one that tries to connect to
 * it could be given its port, and be connected to itself.
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
