import { isErrorReply } from './is-error-reply.ts'
import type { IoRedisClient } from './redis-client.ts'
import type { RedisConnection, RedisConnectionListener } from './redis-connection.ts'

/** A client of `ioredis`. It reconnects and resubscribes by itself. */
export class IoRedisConnection implements RedisConnection {
  readonly #client: IoRedisClient
  readonly #listener: RedisConnectionListener

  constructor(client: IoRedisClient, listener: RedisConnectionListener) {
    this.#client = client.duplicate({ autoResendUnfulfilledCommands: false, enableOfflineQueue: false, maxRetriesPerRequest: 0 })
    this.#listener = listener
    this.#client.on('error', this.#onError)
    this.#client.on('ready', this.#onState)
    this.#client.on('close', this.#onState)
    this.#client.on('end', this.#onState)
    this.#client.on('messageBuffer', this.#onMessage)
    // With `lazyConnect`, the client waits for this call; otherwise it is already connecting.
    if (this.#client.status === 'wait') this.#client.connect().catch(this.#onError)
  }

  get isReady(): boolean {
    return this.#client.status === 'ready'
  }

  publish(channel: string, message: Buffer): Promise<unknown> {
    return this.#client.publish(channel, message)
  }

  subscribe(channels: string[]): Promise<unknown> {
    return this.#client.subscribe(...channels)
  }

  unsubscribe(channels: string[]): Promise<unknown> {
    return this.#client.unsubscribe(...channels)
  }

  isErrorReply(error: unknown): boolean {
    return isErrorReply(error)
  }

  close(): void {
    this.#client.disconnect()
  }

  readonly #onError = (error: unknown): void => {
    this.#listener.onState(error instanceof Error ? error : new Error(String(error)))
  }

  readonly #onState = (): void => {
    this.#listener.onState(undefined)
  }

  readonly #onMessage = (channel: unknown, message: unknown): void => {
    if (message instanceof Uint8Array) this.#listener.onMessage(String(channel), message)
  }
}
