import { execFileSync, spawn } from 'node:child_process'
import type { ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { readdirSync, readFileSync, readlinkSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import type { LoadMessage, LoadResult, LoadTask } from './load/task.ts'
import type { Peer } from './peers.ts'

/** Memory use of a server, in bytes. */
export interface ServerMemory {
  readonly resident: number
  /** The JavaScript heap and the external memory that it owns; `undefined` unless the server runs under Node. */
  readonly heap: number | undefined
}

/** A server in its own process. It is pinned to the first processor if possible, unless the peer uses all processors. */
export class ServerProcess {
  readonly #child: ChildProcess
  readonly #isForeign: boolean
  port = 0

  private constructor(peer: Peer) {
    this.#isForeign = peer.isForeign === true
    const processor = peer.usesAllProcessors === true ? undefined : 0
    this.#child = start(processor, peer.command, peer.environment ?? {}, !this.#isForeign)
  }

  static async start(peer: Peer): Promise<ServerProcess> {
    const server = new ServerProcess(peer)
    server.port = await server.#receivePort()
    return server
  }

  /** CPU seconds used by the server and its workers, if the system reports them. */
  get cpuSeconds(): number | undefined {
    let sum = 0
    for (const seconds of this.#processes.map(cpuSecondsOf)) {
      if (seconds === undefined) return undefined
      sum += seconds
    }
    return sum
  }

  /** The number of open sockets of each of its processes, of which connections are a part. Linux only. */
  get openSockets(): number[] {
    return this.#processes.map(openSocketsOf)
  }

  /** The peak of resident memory, in bytes, since the start or the last `resetPeakMemory()`. */
  get peakMemory(): number | undefined {
    return kilobytes(this.#child.pid, 'VmHWM')
  }

  /** Resets the peak, because starting the server may use more memory than the work that is measured. */
  resetPeakMemory(): void {
    writeFileSync(`/proc/${this.#child.pid}/clear_refs`, '5')
  }

  async measureMemory(): Promise<ServerMemory> {
    if (this.#isForeign) return { resident: kilobytes(this.#child.pid, 'VmRSS') ?? 0, heap: undefined }
    this.#child.send('memory')
    const [{ memory }] = await once(this.#child, 'message')
    return { resident: memory.rss, heap: memory.heapUsed + memory.external }
  }

  async stop(): Promise<void> {
    if (this.#child.exitCode !== null) return
    const exited = once(this.#child, 'exit')
    const [, ...workers] = this.#processes
    this.#child.kill('SIGKILL')
    await exited
    // Node's workers end when the IPC channel closes, others do not.
    for (const worker of workers) endProcess(worker)
  }

  /** The process IDs of the server and its workers, with the server first. */
  get #processes(): number[] {
    return this.#child.pid === undefined ? [] : withWorkers(this.#child.pid)
  }

  async #receivePort(): Promise<number> {
    const died = once(this.#child, 'exit').then(() => {
      throw new Error('The server ended before it listened')
    })
    if (!this.#isForeign) return (await Promise.race([once(this.#child, 'message'), died]))[0].port
    const { stdout } = this.#child
    if (stdout === null) throw new Error('The server has no output')
    const [line] = await Promise.race([once(stdout, 'data'), died])
    return JSON.parse(String(line)).port
  }
}

/** Callbacks for the progress of the load client. */
export interface LoadListener {
  onBegin?(): void
  /** The client waits until the promise is resolved. */
  onReady?(): Promise<void>
}

/** Runs the load client in its own process, pinned to the second processor unless the server uses all processors. */
export async function runLoad(task: LoadTask, { usesAllProcessors = false }: Peer, listener: LoadListener): Promise<LoadResult> {
  const script = path.join(__dirname, 'load/main.ts')
  const child = start(
    usesAllProcessors ? undefined : 1,
    [process.execPath, '-r', 'esbuild-register', script, JSON.stringify(task)],
    {},
    true,
  )
  return new Promise((resolve, reject) => {
    child.on('message', (message: LoadMessage) => {
      if (message === 'begin') listener.onBegin?.()
      else if (message === 'ready') listener.onReady?.().then(() => child.send('go'), reject)
      else resolve(message.result)
    })
    child.once('exit', () => reject(new Error(`The load client failed: ${JSON.stringify(task)}`)))
  })
}

/** Whether processes can be pinned: this needs `taskset` and at least two processors. */
export const isPinning = canPin()

function start(
  processor: number | undefined,
  command: readonly string[],
  environment: Record<string, string>,
  hasChannel: boolean,
): ChildProcess {
  const [program = '', ...parameters] = isPinning && processor !== undefined ? ['taskset', '-c', String(processor), ...command] : command
  const output = hasChannel ? 'inherit' : 'pipe'
  return spawn(program, parameters, {
    stdio: hasChannel ? ['ignore', output, 'inherit', 'ipc'] : ['ignore', output, 'inherit'],
    // oxlint-disable-next-line node/no-process-env -- The servers inherit the environment of the shell.
    env: { ...process.env, NODE_ENV: 'production', ...environment },
  })
}

function canPin(): boolean {
  try {
    execFileSync('taskset', ['-c', '0,1', 'true'], { stdio: 'ignore' })
    return true
  } catch {
    return false
  }
}

function withWorkers(pid: number): number[] {
  const workers = readProc(pid, `task/${pid}/children`)?.match(/\d+/g) ?? []
  return [pid, ...workers.flatMap((worker) => withWorkers(Number(worker)))]
}

function cpuSecondsOf(pid: number): number | undefined {
  const stat = readProc(pid, 'stat')
  // The second field, the name in parentheses, may itself contain spaces and parentheses.
  const fields = stat?.slice(stat.lastIndexOf(')') + 2).split(' ')
  return fields === undefined ? undefined : (Number(fields[11]) + Number(fields[12])) / CLOCK_TICKS
}

function openSocketsOf(pid: number): number {
  const directory = `/proc/${pid}/fd`
  return readdirSync(directory).filter((file) => readlinkSync(path.join(directory, file)).startsWith('socket:')).length
}

function endProcess(pid: number): void {
  try {
    process.kill(pid, 'SIGKILL')
  } catch {
    // The process has already ended.
  }
}

function readProc(pid: number | undefined, file: string): string | undefined {
  try {
    return readFileSync(`/proc/${pid}/${file}`, 'latin1')
  } catch {
    return undefined
  }
}

function kilobytes(pid: number | undefined, field: string): number | undefined {
  const match = new RegExp(`^${field}:\\s+(\\d+) kB`, 'm').exec(readProc(pid, 'status') ?? '')
  return match === null ? undefined : Number(match[1]) * 1024
}

/** Clock ticks per second in `/proc`. */
const CLOCK_TICKS = 100
