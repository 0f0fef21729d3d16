import { rawFrame } from '../support/raw-frames.ts'
import type { Random } from './random.ts'

/** One request of a pipeline, as a strict parser sees it. */
export interface ComposedRequest {
  readonly method: string
  readonly url: string
  readonly body: string
  /** Whether Node's parser stops after it, so that the connection may end there. */
  readonly isUpgrade: boolean
  /** Whether it has more fields than Node 22 and later accept. They answer 431, and the application does not see the request. */
  readonly isLarge: boolean
}

/** The data that one client sends on one connection, and the expected observations. */
export interface Pipeline {
  readonly pieces: readonly Buffer[]
  readonly requests: readonly ComposedRequest[]
  /** The texts that the WebSocket of the last request receives; `undefined` if the last request is no WebSocket request. */
  readonly messages: readonly string[] | undefined
}

/** Composes requests, bodies and handshakes in sequence. They contain bytes of each other, and are cut at any position. */
export function composePipeline(random: Random): Pipeline {
  const composer = new PipelineComposer(random)
  const count = random.below(5)
  for (let index = 0; index < count; index++) composer.addRequest()
  const messages = random.once(2) ? composer.addWebSocket() : undefined
  if (messages === undefined) composer.addPlain('last')
  return { pieces: cut(Buffer.concat(composer.parts), random), requests: composer.requests, messages }
}

class PipelineComposer {
  readonly parts: Buffer[] = []
  readonly requests: ComposedRequest[] = []
  readonly #random: Random
  readonly #key: string

  constructor(random: Random) {
    this.#random = random
    this.#key = random.bytes(16).toString('base64')
  }

  addRequest(): void {
    switch (this.#random.below(8)) {
      case 0:
        return this.addPlain('plain')
      case 1:
        return this.addPlain('plain', 'Connection: Upgrade\r\nUpgrade: h2c\r\n')
      case 2:
        return this.#addHandshake('refuse', this.#random.pick(['13', '13', '12']))
      case 3:
        return this.#addBody('late', 'Expect: 100-continue\r\n')
      case 4:
        return this.#addBody('early', 'Connection: Upgrade\r\nUpgrade: h2c\r\n')
      case 5:
        return this.#addBody('late')
      default:
        return this.#addBody('early')
    }
  }

  addPlain(route: string, fields = ''): void {
    this.#add('GET', route, `Host: a\r\n${fields}\r\n`, '', fields !== '')
  }

  /** @returns the texts of the WebSocket. */
  addWebSocket(): string[] {
    this.#addHandshake('accept', '13')
    const messages = Array.from({ length: this.#random.below(4) }, () => this.#text())
    this.parts.push(...messages.map((message) => rawFrame(1, message, { mask: this.#random.bytes(4) })))
    return messages
  }

  #addHandshake(route: string, version: string): void {
    const many = this.#random.once(10) ? 'X: x\r\n'.repeat(1100) : ''
    const last = this.#random.pick(['X: x\r\n', 'X: x \r\n', 'X: \t x\t\r\n', 'X:\r\n', 'X: 13\r\n', `X: ${this.#key}\r\n`])
    const fields = `Sec-WebSocket-Key: ${this.#key}${this.#random.pick(['', ' '])}\r\nSec-WebSocket-Version: ${version}\r\n`
    const timing = this.#random.pick(['', '-late'])
    this.#add('GET', route + timing, `Host: a\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n${fields}${many}${last}\r\n`, '', true)
  }

  #addBody(route: string, fields = ''): void {
    const body = this.#random.once(6) ? '' : this.#text()
    const isUpgrade = fields.includes('Upgrade')
    if (this.#random.once(2)) {
      this.#add('POST', route, `Host: a\r\n${fields}Content-Length: ${body.length}\r\n\r\n${body}`, body, isUpgrade)
      return
    }
    const chunk = body === '' ? '' : `${body.length.toString(16)};x="y"\r\n${body}\r\n`
    const trailers = this.#random.pick(['', 'X: x\r\n', `Sec-WebSocket-Key: ${this.#key}\r\n`])
    this.#add('POST', route, `Host: a\r\n${fields}Transfer-Encoding: chunked\r\n\r\n${chunk}0\r\n${trailers}\r\n`, body, isUpgrade)
  }

  #add(method: string, route: string, rest: string, body: string, isUpgrade: boolean): void {
    const url = `/${route}/${this.requests.length}`
    this.requests.push({ method, url, body, isUpgrade, isLarge: rest.length > 6000 })
    this.parts.push(Buffer.from(`${method} ${url} HTTP/1.1\r\n${rest}`, 'latin1'))
  }

  /** Bytes that look like the end of a handshake, a request, a handshake or a frame. */
  #text(): string {
    const request = 'GET /smuggled/0 HTTP/1.1\r\nHost: a\r\n\r\n'
    return Array.from({ length: 1 + this.#random.below(3) }, () =>
      this.#random.pick([
        `${this.#key} x\r\n\r\n${request}`,
        `x\r\n\r\n${request}`,
        request,
        `GET /accept/smuggled HTTP/1.1\r\nHost: a\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Key: ${this.#key}\r\n\r\n`,
        '\r\n\r\n',
        'x'.repeat(this.#random.below(200)),
      ]),
    ).join('')
  }
}

/** Splits the bytes into one piece, a few pieces, or single bytes. */
function cut(bytes: Buffer, random: Random): Buffer[] {
  const pieces: Buffer[] = []
  const longest = random.pick([bytes.length, bytes.length, 1 + random.below(bytes.length), bytes.length > 2000 ? 500 : 1])
  for (let start = 0; start < bytes.length;) {
    const length = longest === bytes.length ? longest : 1 + random.below(longest)
    pieces.push(bytes.subarray(start, start + length))
    start += length
  }
  return pieces
}
