import { isErrorReply } from './is-error-reply.ts'
import type { NodeRedisClient } from './redis-client.ts'
import type { RedisConnection, RedisConnectionListener } from './redis-connection.ts'

/** A client of `redis`. It reconnects and resubscribes by itself. */
export class NodeRedisConnection implements RedisConnection {
  readonly #client: NodeRedisClient
  readonly #listener: RedisConnectionListener

  constructor(client: NodeRedisClient, listener: RedisConnectionListener) {
    this.#client = client.duplicate({ disableOfflineQueue: true })
    this.#listener = listener
    this.#client.on('error', this.#onError)
    this.#client.on('ready', this.#onState)
    this.#client.on('end', this.#onState)
    // An event also reports the error.
    this.#client.connect().catch(this.#onError)
  }

  get isReady(): boolean {
    return this.#client.isReady
  }

  publish(channel: string, message: Buffer): Promise<unknown> {
    return this.#client.publish(channel, message)
  }

  subscribe(channels: string[]): Promise<unknown> {
    return this.#client.subscribe(channels, this.#onMessage, true)
  }

  unsubscribe(channels: string[]): Promise<unknown> {
    return this.#client.unsubscribe(channels, this.#onMessage, true)
  }

  isErrorReply(error: unknown): boolean {
    return isErrorReply(error)
  }

  close(): void {
    try {
      this.#client.destroy()
    } catch {
      // The client was already closed.
    }
  }

  readonly #onError = (error: unknown): void => {
    this.#listener.onState(error instanceof Error ? error : new Error(String(error)))
  }

  readonly #onState = (): void => {
    this.#listener.onState(undefined)
  }

  readonly #onMessage = (message: Buffer, channel: Buffer): void => {
    this.#listener.onMessage(channel.toString(), message)
  }
}
