import { setTimeout as delay } from 'node:timers/promises'
import type { Request } from 'express'
import {
  createReadableMessageStream,
  createWebSocketStream,
  createWritableMessageStream,
  WebSocketMessageType,
} from 'express-use-websockets'
import type { ManagedWebSocket, WebSocketReceiveResult } from 'express-use-websockets'
import { abortConnection } from './abort-connection.ts'
import { logOutcome } from './log-outcome.ts'
import type { Operation, OperationArgument } from './scenario.ts'
import type { LogEntry } from './transcript.ts'

/** Plays the operations of a scenario on its socket, one after another, and logs each. */
export class Player {
  readonly #request: Request
  readonly #socket: ManagedWebSocket
  readonly #log: LogEntry[]
  readonly #background: Promise<void>[] = []

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
      await this.#logged(operation)
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
      case 'abort':
        return this.#socket.abort()
      case 'dispose':
        return this.#socket.dispose()
      case 'contextAbort':
        return abortConnection(this.#request)
      case 'sleep':
        return delay(toNumber(first), null)
      case 'acceptAgain':
        return this.#acceptAgain()
      case 'background':
        return this.#startInBackground(args)
      case 'joinBackground':
        return this.#joinBackground()
      case 'stream':
        return this.#stream(args)
      default:
        throw new TypeError(`There is no operation '${name}'`)
    }
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

  /** Starts an operation and does not wait for it, unless it ends within this very turn. */
  async #startInBackground([name, ...args]: readonly OperationArgument[]): Promise<void> {
    this.#background.push(this.#logged([String(name), ...args]))
    await new Promise<void>((resolve) => process.nextTick(resolve))
  }

  async #joinBackground(): Promise<void> {
    await Promise.all(this.#background)
  }

  async #stream([kind, ...parts]: readonly OperationArgument[]): Promise<unknown> {
    if (kind === 'read') return this.#streamRead()
    if (kind === 'write') return this.#streamWrite(parts)
    if (kind === 'echoOwned') return this.#streamEcho()
    throw new TypeError(`There is no stream operation '${String(kind)}'`)
  }

  async #streamRead(): Promise<string> {
    const chunks: Buffer[] = []
    for await (const chunk of createReadableMessageStream(this.#socket)) chunks.push(Buffer.from(chunk))
    return Buffer.concat(chunks).toString('hex')
  }

  async #streamWrite(parts: readonly OperationArgument[]): Promise<void> {
    const stream = createWritableMessageStream(this.#socket, WebSocketMessageType.Text)
    for (const part of parts) await written((done) => stream.write(toData(part), done))
    await written((done) => stream.end(done))
  }

  /** Echoes what the first read gives, and lets the stream close the socket. */
  async #streamEcho(): Promise<number> {
    const stream = createWebSocketStream(this.#socket, { closeTimeout: 2000 })
    const read = await stream[Symbol.asyncIterator]().next()
    const data = read.done === true ? Buffer.alloc(0) : Buffer.from(read.value)
    await written((done) => stream.write(data, done))
    await new Promise((resolve) => stream.once('close', resolve).destroy())
    return data.length
  }
}

/** Echoes part by part until the peer's Close frame, and answers that with its own code. */
export async function echo(
  socket: ManagedWebSocket,
  size: number,
): Promise<Pick<WebSocketReceiveResult, 'closeStatus' | 'closeStatusDescription'>> {
  const buffer = Buffer.alloc(size)
  for (;;) {
    const { count, messageType, endOfMessage, closeStatus, closeStatusDescription } = await socket.receiveAsync(buffer)
    if (closeStatus !== null) {
      await socket.closeAsync(closeStatus, closeStatusDescription)
      return { closeStatus, closeStatusDescription }
    }
    await socket.sendAsync(buffer.subarray(0, count), messageType, endOfMessage)
  }
}

/** These have 5 seconds, the others half of that. */
const PATIENT: ReadonlySet<string> = new Set(['sleep', 'receiveAll', 'echo', 'joinBackground'])

const MESSAGE_TYPES = Object.fromEntries(Object.entries(WebSocketMessageType).map(([name, type]) => [type, name]))

function toNumber(argument: OperationArgument | undefined): number {
  if (typeof argument === 'number') return argument
  throw new TypeError(`${String(argument)} should be a number`)
}

function toText(argument: OperationArgument | undefined): string | null {
  return typeof argument === 'string' ? argument : null
}

/** `hex:...` is bytes, `size:N` N zero bytes, `null` nothing, every other string its UTF-8. */
function toData(argument: OperationArgument | undefined): Buffer {
  const text = toText(argument) ?? ''
  if (text.startsWith('hex:')) return Buffer.from(text.slice(4), 'hex')
  if (text.startsWith('size:')) return Buffer.alloc(Number(text.slice(5)))
  return Buffer.from(text)
}

function toMessageType(argument: OperationArgument | undefined): WebSocketMessageType {
  const found = Object.entries(WebSocketMessageType).find(([name]) => name.toLowerCase() === String(argument).toLowerCase())
  if (found === undefined) throw new TypeError(`There is no message type '${String(argument)}'`)
  return found[1]
}

function cancelAfter(milliseconds: number): AbortSignal {
  return AbortSignal.timeout(milliseconds)
}

async function written(write: (done: (error?: Error | null) => void) => void): Promise<void> {
  return new Promise((resolve, reject) => write((error) => (error instanceof Error ? reject(error) : resolve())))
}
