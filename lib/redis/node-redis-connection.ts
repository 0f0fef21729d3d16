import type { NodeRedisClient } from './redis-client.ts'
import type { RedisConnection, RedisConnectionListener } from './redis-connection.ts'

/** A client of `redis`. It connects again, and subscribes again, by itself. */
export class NodeRedisConnection implements RedisConnection {
  readonly #client: NodeRedisClient
  readonly #listener: RedisConnectionListener

  constructor(client: NodeRedisClient, listener: RedisConnectionListener) {
    this.#client = client
    this.#listener = listener
    client.on('error', this.#onError)
    client.on('ready', this.#onState)
    client.on('end', this.#onState)
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

  duplicate(listener: RedisConnectionListener): RedisConnection {
    const client = this.#client.duplicate()
    const connection = new NodeRedisConnection(client, listener)
    // It tells by an event, too.
    client.connect().catch(connection.#onError)
    return connection
  }

  release(): void {
    this.#client.off('error', this.#onError)
    this.#client.off('ready', this.#onState)
    this.#client.off('end', this.#onState)
  }

  close(): void {
    try {
      this.#client.destroy()
    } catch {
      // It was closed before.
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
