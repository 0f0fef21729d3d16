import { setTimeout as delay } from 'node:timers/promises'
import type { Request } from 'express'
import { WebSocketMessageType } from 'express-use-websockets'
import type { ManagedWebSocket } from 'express-use-websockets'
import { abortConnection } from './abort-connection.ts'
import { echo } from './echo.ts'
import { logEntry, logOutcome } from './log-outcome.ts'
import { toData } from './operation-data.ts'
import { playStream } from './play-stream.ts'
import type { Operation, OperationArgument } from './scenario.ts'
import type { LogEntry } from './transcript.ts'

/** Plays the operations of a scenario on its socket, one after another, and logs each of them. */
export class Player {
  readonly #request: Request
  readonly #socket: ManagedWebSocket
  readonly #log: LogEntry[]
  readonly #background: Promise<void>[] = []
  /** The synchronous operations. */
  readonly #acts: Readonly<Record<string, () => void>> = {
    abort: () => this.#socket.abort(),
    contextAbort: () => abortConnection(this.#request),
    dispose: () => this.#socket.dispose(),
  }

  constructor(request: Request, socket: ManagedWebSocket, log: LogEntry[]) {
    this.#request = request
    this.#socket = socket
    this.#log = log
  }

  async play(operations: readonly Operation[]): Promise<void> {
    for (const operation of operations) {
      const [name] = operation
      if (name === 'return') return
      if (name === 'throw') throw new Error('thrown by the handler')
      const act = this.#acts[name]
      if (act === undefined) {
        await this.#logged(operation)
      } else {
        // The next operation follows in the same turn.
        act()
        logEntry(this.#log, { op: name, result: null }, this.#socket)
      }
    }
  }

  #logged(operation: Operation): Promise<void> {
    const [name] = operation
    return logOutcome(
      this.#log,
      name,
      () => this.#run(operation),
      PATIENT.has(name) ? 5000 : 2500,
      () => this.#socket,
    )
  }

  async #run([name, ...args]: Operation): Promise<unknown> {
    const [first, second, third] = args
    switch (name) {
      case 'receive':
        return this.#receive(toNumber(first))
      case 'receiveAll':
        return this.#receiveAll(toNumber(first))
      case 'receiveCancelledAfter':
        return this.#receive(toNumber(first), cancelAfter(toNumber(second)))
      case 'receiveAlreadyCancelled':
        return this.#receive(toNumber(first), AbortSignal.abort())
      case 'send':
        return this.#socket.sendAsync(toData(second), toMessageType(first), third === true)
      case 'sendAlreadyCancelled':
        return this.#socket.sendAsync(toData(second), toMessageType(first), third === true, AbortSignal.abort())
      case 'sendFlags':
        return this.#socket.sendAsync(toData(second), toMessageType(first), toNumber(third))
      case 'sendMany':
        return this.#sendMany(toNumber(first), toNumber(second))
      case 'close':
        return this.#socket.closeAsync(toNumber(first), toText(second))
      case 'closeCancelledAfter':
        return this.#socket.closeAsync(toNumber(first), toText(second), cancelAfter(toNumber(third)))
      case 'closeAlreadyCancelled':
        return this.#socket.closeAsync(toNumber(first), toText(second), AbortSignal.abort())
      case 'closeOutput':
        return this.#socket.closeOutputAsync(toNumber(first), toText(second))
      case 'echo':
        return echo(this.#socket, toNumber(first))
      case 'sleep':
        return delay(toNumber(first), null)
      case 'acceptAgain':
        return this.#acceptAgain()
      case 'background':
        return this.#startInBackground(args)
      case 'joinBackground':
        return this.#joinBackground()
      case 'stream':
        return playStream(this.#socket, args)
      default:
        return this.#act(name)
    }
  }

  #act(name: string): void {
    const act = this.#acts[name]
    if (act === undefined) throw new TypeError(`There is no operation '${name}'`)
    act()
  }

  async #receive(size: number, signal?: AbortSignal): Promise<unknown> {
    const buffer = Buffer.alloc(size)
    const { count, messageType, endOfMessage, closeStatus, closeStatusDescription } = await this.#socket.receiveAsync(buffer, signal)
    return {
      count,
      messageType: MESSAGE_TYPES[messageType],
      endOfMessage,
      ...(count <= 64 ? { data: buffer.toString('hex', 0, count) } : {}),
      ...(closeStatus === null ? {} : { closeStatus, closeStatusDescription }),
    }
  }

  /** Receives until the peer's Close frame or an error. */
  async #receiveAll(size: number): Promise<unknown> {
    const all: unknown[] = []
    for (;;) {
      const { count, messageType, endOfMessage, closeStatus } = await this.#socket.receiveAsync(Buffer.alloc(size))
      all.push([MESSAGE_TYPES[messageType], count, endOfMessage])
      if (closeStatus !== null) return all
    }
  }

  async #sendMany(count: number, size: number): Promise<void> {
    const sends = Array.from({ length: count }, (_, index) => {
      const data = Buffer.alloc(size)
      data.writeUInt8(index & 0xff)
      return this.#socket.sendAsync(data)
    })
    await Promise.all(sends)
  }

  async #acceptAgain(): Promise<void> {
    await this.#request.webSockets.acceptWebSocketAsync()
  }

  /** Starts an operation without waiting for it, but logs its outcome if that is known at once. */
  async #startInBackground([name, ...args]: readonly OperationArgument[]): Promise<void> {
    this.#background.push(this.#logged([String(name), ...args]))
    for (let step = 0; step < 20; step++) await Promise.resolve()
  }

  async #joinBackground(): Promise<void> {
    await Promise.all(this.#background)
  }
}

/** The operations with a limit of 5 seconds. The limit of the others is half of that. */
const PATIENT: ReadonlySet<string> = new Set(['sleep', 'receiveAll', 'echo', 'joinBackground'])

const MESSAGE_TYPES = Object.fromEntries(Object.entries(WebSocketMessageType).map(([name, type]) => [type, name]))

function toNumber(argument: OperationArgument | undefined): number {
  if (typeof argument === 'number') return argument
  throw new TypeError(`${String(argument)} should be a number`)
}

function toText(argument: OperationArgument | undefined): string | null {
  return typeof argument === 'string' ? argument : null
}

function toMessageType(argument: OperationArgument | undefined): WebSocketMessageType {
  const found = Object.entries(WebSocketMessageType).find(([name]) => name.toLowerCase() === String(argument).toLowerCase())
  if (found === undefined) throw new TypeError(`There is no message type '${String(argument)}'`)
  return found[1]
}

function cancelAfter(milliseconds: number): AbortSignal {
  return AbortSignal.timeout(milliseconds)
}
