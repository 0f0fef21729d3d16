import { randomBytes } from 'node:crypto'
import type { PostgresNotification } from './postgres-client.ts'

/** A notification to send. */
export interface NotificationPart {
  readonly channel: string
  readonly payload: string
}

/**
 * Splits a message into the payloads of notifications, which are text of less than 8,000 bytes. Each payload has a unique number, because
 * PostgreSQL sends equal notifications of a transaction only once.
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
 * Joins the parts of a message. They are sent in one transaction and so arrive in sequence. At most one message is incomplete, and it is dropped
 * when another message arrives.
 */
export class MessageJoiner {
  #key = ''
  #parts: string[] = []

  /** @returns a message if it is complete. An invalid payload is returned unchanged, so that the receiver can report it. */
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

/** The number of characters of a part. With its prefix, a part is always below 8,000 bytes. */
const PART_LENGTH = 7900
/** The maximum number of parts of a message: some 24 million bytes. */
const MAX_PARTS = 4096
const PATTERN = /^([\w-]{12}):(\d+):(\d+):(\d+):([\w-]*)$/
