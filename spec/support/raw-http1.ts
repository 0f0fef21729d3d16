import { once } from 'node:events'
import net from 'node:net'
import type { Socket } from 'node:net'
import tls from 'node:tls'
import type { Http1Server } from './http1-server.ts'

/** The key of RFC 6455, section 1.3, and its answer. */
export const SAMPLE_KEY = 'dGhlIHNhbXBsZSBub25jZQ=='
export const SAMPLE_ACCEPT = 's3pPLMBiTxaQ9kYGzzhZRbK+xOo='

/** The head of a handshake. A header `undefined` is left out; a list becomes several lines. */
export function handshakeHead(
  headers: Record<string, string | readonly string[] | undefined> = {},
  requestLine = 'GET /ws HTTP/1.1',
): string {
  const all = {
    Host: 'server.example',
    Connection: 'Upgrade',
    Upgrade: 'websocket',
    'Sec-WebSocket-Key': SAMPLE_KEY,
    'Sec-WebSocket-Version': '13',
    ...headers,
  }
  const lines = Object.entries(all).flatMap(([name, value]) => [value ?? []].flat().map((line) => `${name}: ${line}\r\n`))
  return `${requestLine}\r\n${lines.join('')}\r\n`
}

/** A client that sends raw bytes and keeps the received ones. */
export class RawHttp1Client {
  readonly socket: Socket
  received = Buffer.alloc(0)
  /** How the connection ended: `'fin'` or the code of the error; `undefined` while it is open. */
  ending: string | undefined
  readonly #wakeUps = new Set<() => void>()

  static async connect(server: Http1Server | Pick<Http1Server, 'isSecure' | 'port'> | { readonly path: string }): Promise<RawHttp1Client> {
    const isSecure = 'port' in server && server.isSecure
    const address = 'port' in server ? { port: server.port, host: '127.0.0.1' } : server
    const options = { ...address, allowHalfOpen: true }
    const socket = isSecure ? tls.connect({ ...options, rejectUnauthorized: false }) : net.connect(options)
    const client = new RawHttp1Client(socket)
    await once(socket, isSecure ? 'secureConnect' : 'connect')
    return client
  }

  private constructor(socket: Socket) {
    this.socket = socket
    clients.push(socket)
    socket.setNoDelay(true)
    socket.on('data', (chunk: Buffer) => {
      this.received = Buffer.concat([this.received, chunk])
      this.#wakeUp()
    })
    socket.on('end', () => this.#end('fin'))
    socket.on('error', (error: NodeJS.ErrnoException) => this.#end(error.code ?? error.message))
    socket.on('close', () => this.#end('closed'))
  }

  write(...parts: (string | Uint8Array)[]): void {
    this.socket.write(Buffer.concat(parts.map((part) => Buffer.from(part as string))))
  }

  /** Sends the text in segments of one byte each. */
  async trickle(text: string): Promise<void> {
    for (const byte of Buffer.from(text, 'latin1')) await new Promise((resolve) => this.socket.write(Buffer.of(byte), resolve))
  }

  /** Waits until this text was received. Removes and returns everything up to its end. */
  async receive(expected: string | Uint8Array): Promise<string> {
    const bytes = Buffer.from(expected as string)
    let index = this.received.indexOf(bytes)
    while (index < 0) {
      if (this.ending !== undefined)
        throw new Error(`The connection ended (${this.ending}) after ${JSON.stringify(this.received.toString('latin1'))}`)
      await this.#change()
      index = this.received.indexOf(bytes)
    }
    const text = this.received.toString('latin1', 0, index + bytes.length)
    this.received = this.received.subarray(index + bytes.length)
    return text
  }

  /** Waits for the head of a response. */
  async receiveHead(): Promise<string> {
    return this.receive('\r\n\r\n')
  }

  /** Waits for a response with a `Content-Length` or without a body, and returns its head and body. */
  async receiveResponse(): Promise<string> {
    const head = await this.receiveHead()
    const length = Number(/^content-length: (\d+)/im.exec(head)?.[1] ?? 0)
    while (this.received.length < length) await this.#change()
    const body = this.received.toString('latin1', 0, length)
    this.received = this.received.subarray(length)
    return head + body
  }

  /** Waits for the end of the connection, and returns how it ended. */
  async end(): Promise<string> {
    while (this.ending === undefined) await this.#change()
    return this.ending
  }

  async #change(): Promise<void> {
    return new Promise((resolve) => this.#wakeUps.add(resolve))
  }

  #end(how: string): void {
    this.ending ??= how
    this.#wakeUp()
  }

  #wakeUp(): void {
    const wakeUps = [...this.#wakeUps]
    this.#wakeUps.clear()
    for (const wakeUp of wakeUps) wakeUp()
  }
}

/** Destroys all clients. For `afterEach`. */
export function closeRawHttp1Clients(): void {
  for (const socket of clients.splice(0)) socket.destroy()
}

const clients: Socket[] = []
