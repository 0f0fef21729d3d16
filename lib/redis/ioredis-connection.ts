import type { IoRedisClient } from './redis-client.ts'
import type { RedisConnection, RedisConnectionListener } from './redis-connection.ts'

/** A client of `ioredis`. It connects again, and subscribes again, by itself. */
export class IoRedisConnection implements RedisConnection {
  readonly #client: IoRedisClient
  readonly #listener: RedisConnectionListener

  constructor(client: IoRedisClient, listener: RedisConnectionListener) {
    this.#client = client
    this.#listener = listener
    client.on('error', this.#onError)
    client.on('ready', this.#onState)
    client.on('close', this.#onState)
    client.on('end', this.#onState)
    client.on('messageBuffer', this.#onMessage)
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

  duplicate(listener: RedisConnectionListener): RedisConnection {
    const client = this.#client.duplicate()
    const connection = new IoRedisConnection(client, listener)
    // With `lazyConnect` it waits to be told; else it has begun.
    if (client.status === 'wait') client.connect().catch(connection.#onError)
    return connection
  }

  release(): void {
    this.#client.off('error', this.#onError)
    this.#client.off('ready', this.#onState)
    this.#client.off('close', this.#onState)
    this.#client.off('end', this.#onState)
    this.#client.off('messageBuffer', this.#onMessage)
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
