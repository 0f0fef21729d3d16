import { spawn } from 'node:child_process'
import type { ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { connect, createServer } from 'node:net'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Http1Server } from '../support/http1-server.ts'

/** A proxy program, and how to start it with a configuration file in its own folder. */
export interface ProxyProgram {
  readonly command: string
  arguments(configuration: string, folder: string): string[]
}

export const nginx: ProxyProgram = {
  command: '/usr/sbin/nginx',
  arguments: (configuration, folder) => ['-p', folder, '-c', configuration, '-e', 'stderr'],
}

export const haproxy: ProxyProgram = {
  command: '/usr/sbin/haproxy',
  arguments: (configuration) => ['-db', '-f', configuration],
}

export const caddy: ProxyProgram = {
  command: '/usr/bin/caddy',
  arguments: (configuration) => ['run', '--config', configuration, '--adapter', 'caddyfile'],
}

/** Starts a proxy, and resolves when it listens. `configure` returns its configuration for a port. {@link stopProxies} ends it. */
export async function startProxy(program: ProxyProgram, configure: (port: number) => string): Promise<Http1Server['port']> {
  const port = await freePort()
  const folder = mkdtempSync(join(tmpdir(), 'proxy-'))
  const configuration = join(folder, 'proxy.conf')
  writeFileSync(configuration, configure(port))
  const child = spawn(program.command, program.arguments(configuration, folder), { stdio: ['ignore', 'ignore', 'pipe'] })
  running.push({ child, folder })
  const words: string[] = []
  child.stderr.setEncoding('utf8').on('data', (text: string) => words.push(text))
  while (!(await isListening(port))) {
    if (child.exitCode !== null) throw new Error(`${program.command} ended: ${words.join('')}`)
  }
  return port
}

/** Stops all proxies. For `afterEach`. */
export async function stopProxies(): Promise<void> {
  for (const { child, folder } of running.splice(0)) {
    const exited = child.exitCode === null ? once(child, 'exit') : undefined
    child.kill('SIGTERM')
    await exited
    rmSync(folder, { recursive: true, force: true })
  }
}

const running: { readonly child: ChildProcess; readonly folder: string }[] = []

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  server.close()
  await once(server, 'close')
  return port
}

async function isListening(port: number): Promise<boolean> {
  const socket = connect(port, '127.0.0.1')
  return new Promise((resolve) => {
    socket.once('connect', () => resolve(true)).once('error', () => setImmediate(resolve, false))
  }).then((isOpen) => {
    socket.destroy()
    return isOpen === true
  })
}
