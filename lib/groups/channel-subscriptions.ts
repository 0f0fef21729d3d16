import { markHandled } from '../errors/handled-rejection.ts'
import type { BackplaneSubscription } from './backplane.ts'

/** A connection to an engine that listens to channels. */
export interface ChannelConnection {
  readonly isReady: boolean
  subscribe(channels: string[]): Promise<unknown>
  unsubscribe(channels: string[]): Promise<unknown>
  /** Whether an error is an answer of the engine, and not the error of a connection that is being lost. */
  isErrorReply(error: unknown): boolean
}

/** The wanted channels and their listeners. After a reconnect, all of them are subscribed to again. */
export class ChannelSubscriptions {
  readonly #connection: ChannelConnection
  readonly #channels = new Map<string, Channel>()
  /** The channels that the client was told to subscribe to. It subscribes to them again by itself when it reconnects. */
  readonly #requested = new Set<string>()

  constructor(connection: ChannelConnection) {
    this.#connection = connection
  }

  add(name: string, listener: (message: Uint8Array) => void): BackplaneSubscription {
    const channel = this.#channels.get(name) ?? new Channel()
    const isNew = channel.listeners.size === 0
    // A separate function, because the same listener may be added twice.
    const uniqueListener = (message: Uint8Array): void => listener(message)
    channel.listeners.add(uniqueListener)
    this.#channels.set(name, channel)
    if (isNew && this.#connection.isReady) void this.#subscribe([name])
    return { active: channel.active, unsubscribe: () => this.#delete(name, channel, uniqueListener) }
  }

  /** Subscribes to all channels after a connect. Resolves when that is done or the connection is lost again. */
  async restore(): Promise<void> {
    const unwanted = [...this.#requested].filter((name) => !this.#channels.has(name))
    if (unwanted.length > 0) await this.#unsubscribe(unwanted)
    if (this.#channels.size > 0) await this.#subscribe([...this.#channels.keys()])
  }

  onMessage(name: string, message: Uint8Array): void {
    for (const listener of this.#channels.get(name)?.listeners ?? []) listener(message)
  }

  async #subscribe(names: string[]): Promise<void> {
    for (const name of names) this.#requested.add(name)
    try {
      await this.#connection.subscribe(names)
      for (const name of names) this.#channels.get(name)?.activate()
    } catch (error) {
      // If the connection is lost, the reconnect subscribes to all channels.
      if (this.#connection.isErrorReply(error)) for (const name of names) this.#channels.get(name)?.fail(error)
    }
  }

  #delete(name: string, channel: Channel, listener: (message: Uint8Array) => void): void {
    if (!channel.listeners.delete(listener) || channel.listeners.size > 0) return
    this.#channels.delete(name)
    if (this.#connection.isReady && this.#requested.has(name)) void this.#unsubscribe([name])
  }

  /** Messages that arrive before the promise resolves have no listener. */
  async #unsubscribe(names: string[]): Promise<void> {
    for (const name of names) this.#requested.delete(name)
    try {
      await this.#connection.unsubscribe(names)
    } catch {
      // The connection was lost, and the client subscribes again after the reconnect.
      for (const name of names) this.#requested.add(name)
    }
  }
}

class Channel {
  readonly listeners = new Set<(message: Uint8Array) => void>()
  readonly active: Promise<void>
  activate: () => void = ignore
  fail: (error: unknown) => void = ignore

  constructor() {
    this.active = markHandled(
      new Promise((resolve, reject) => {
        this.activate = resolve
        this.fail = reject
      }),
    )
  }
}

function ignore(): void {}
