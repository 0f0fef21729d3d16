import type { OutgoingHttpHeader, ServerResponse } from 'node:http'

/** The status and the header fields that accept a WebSocket. Sets them on a response that has sent nothing yet. */
export class AcceptingHead {
  readonly #response: ServerResponse
  readonly #status: number
  readonly #fields: readonly (readonly [name: string, value: string])[]
  readonly #statusBefore: number
  readonly #messageBefore: string
  /** The fields of the application that the accept removes or replaces. */
  readonly #fieldsBefore: (readonly [name: string, value: OutgoingHttpHeader])[] = []

  constructor(response: ServerResponse, status: number, fields: readonly (readonly [name: string, value: string])[]) {
    this.#response = response
    this.#status = status
    this.#fields = fields
    this.#statusBefore = response.statusCode
    this.#messageBefore = response.statusMessage
    for (const name of BODY_FIELDS) {
      this.#keep(name)
      response.removeHeader(name)
    }
    for (const [name, value] of fields) {
      this.#keep(name)
      response.setHeader(name, value)
    }
    response.statusCode = status
    response.statusMessage = ''
  }

  /** Whether the application has set another status meanwhile, as an error handler does that answers later. */
  get isOverridden(): boolean {
    return this.#response.statusCode !== this.#status
  }

  /** Restores the response, so that the application can answer, unless the head was sent. */
  restore(): void {
    const response = this.#response
    if (response.headersSent) return
    // A field with another value belongs to an answer that the application has begun.
    for (const [name, value] of this.#fields) if (response.getHeader(name) === value) response.removeHeader(name)
    if (this.isOverridden) return
    response.statusCode = this.#statusBefore
    response.statusMessage = this.#messageBefore
    for (const [name, value] of this.#fieldsBefore) if (!response.hasHeader(name)) response.setHeader(name, value)
  }

  #keep(name: string): void {
    const value = this.#response.getHeader(name)
    if (value !== undefined) this.#fieldsBefore.push([name, value])
  }
}

/** Fields that describe a body. An accepted connection has none. */
const BODY_FIELDS = ['Content-Encoding', 'Content-Length', 'Transfer-Encoding']
