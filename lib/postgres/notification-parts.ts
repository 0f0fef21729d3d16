import { randomBytes } from 'node:crypto'
import type { PostgresNotification } from './postgres-client.ts'

/** A notification that is to be sent. */
export interface NotificationPart {
  readonly channel: string
  readonly payload: string
}

/**
 * Writes a message as the payloads of notifications, which are text of less than 8,000 bytes. Each has a number of its own: of those that are alike,
 * PostgreSQL sends one in a transaction.
 */
export class MessageSplitter {
  readonly #sender = randomBytes(9).toString('base64url')
  #number = 0

  split(channel: string, message: Uint8Array): NotificationPart[] {
    const text = Buffer.from(message.buffer, message.byteOffset, message.length).toString('base64url')
    const count = Math.max(1, Math.ceil(text.length / PART_LENGTH))
    const number = this.#number++
    return Array.from({ length: count }, (_item, index) => {
      const part = text.slice(index * PART_LENGTH, (index + 1) * PART_LENGTH)
      return { channel, payload: `${this.#sender}:${number}:${index}:${count}:${part}` }
    })
  }
}

/**
 * Puts the parts of a message together. They are sent in one transaction, and so come one behind the other: at most one message is incomplete, and
 * it is given up when something else comes.
 */
export class MessageJoiner {
  #key = ''
  #parts: string[] = []

  /** @returns a message, if it is complete; what cannot be understood, as it is, so that its receiver can complain. */
  join({ channel, payload = '' }: PostgresNotification): Uint8Array | undefined {
    const [, sender, number, index, count, part = ''] = PATTERN.exec(payload) ?? []
    if (sender === undefined) return Buffer.from(payload)
    const key = `${channel} ${sender} ${number} ${count}`
    if (key !== this.#key) this.#parts = []
    this.#key = key
    if (Number(index) !== this.#parts.length || Number(count) > MAX_PARTS) {
      this.#forget()
      return Buffer.from(payload)
    }
    this.#parts.push(part)
    if (this.#parts.length < Number(count)) return undefined
    const message = Buffer.from(this.#parts.join(''), 'base64url')
    this.#forget()
    return message
  }

  #forget(): void {
    this.#key = ''
    this.#parts = []
  }
}

/** Characters, so that with what is before them they are surely less than 8,000. */
const PART_LENGTH = 7900
/** Some 24 million bytes. */
const MAX_PARTS = 4096
const PATTERN = /^([\w-]{12}):(\d+):(\d+):(\d+):([\w-]*)$/
