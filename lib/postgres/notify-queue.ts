import { MessageSplitter } from './notification-parts.ts'
import type { NotificationPart } from './notification-parts.ts'
import type { PostgresClient } from './postgres-client.ts'

/**
 * Sends messages as notifications over one connection. Each statement contains all messages that arrived during the previous one, which is fast and
 * keeps the order.
 */
export class NotifyQueue {
  readonly #client: PostgresClient
  readonly #splitter = new MessageSplitter()
  #waiting: WaitingMessage[] = []
  #isSending = false

  constructor(client: PostgresClient) {
    this.#client = client
  }

  send(channel: string, message: Uint8Array): Promise<void> {
    const parts = this.#splitter.split(channel, message)
    return new Promise((resolve, reject) => {
      this.#waiting.push({ parts, resolve, reject })
      if (!this.#isSending) void this.#sendAll()
    })
  }

  /** Discards all waiting messages. */
  clear(error: Error): void {
    for (const { reject } of this.#waiting.splice(0)) reject(error)
  }

  async #sendAll(): Promise<void> {
    this.#isSending = true
    while (this.#waiting.length > 0) {
      const batch = this.#takeBatch()
      const parts = batch.flatMap((message) => message.parts)
      try {
        await this.#client.query(STATEMENT, [parts.map(({ channel }) => channel), parts.map(({ payload }) => payload)])
        for (const { resolve } of batch) resolve()
      } catch (error) {
        for (const { reject } of batch) reject(error)
      }
    }
    this.#isSending = false
  }

  /** All parts of a message are in one batch. */
  #takeBatch(): WaitingMessage[] {
    let count = 0
    let parts = 0
    for (const message of this.#waiting) {
      parts += message.parts.length
      if (count > 0 && parts > MAX_PARTS) break
      count++
    }
    return this.#waiting.splice(0, count)
  }
}

const STATEMENT = 'SELECT pg_notify(channel, payload) FROM unnest($1::text[], $2::text[]) AS notification (channel, payload)'
/** The maximum number of parts in one statement. One message may exceed it. */
const MAX_PARTS = 1000

interface WaitingMessage {
  readonly parts: readonly NotificationPart[]
  readonly resolve: () => void
  readonly reject: (error: unknown) => void
}
