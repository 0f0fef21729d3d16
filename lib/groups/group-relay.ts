import { randomBytes } from 'node:crypto'
import type { BackplaneSubscription } from './backplane.ts'
import { markHandled } from '../errors/handled-rejection.ts'
import { WebSocketException } from '../errors/web-socket-exception.ts'
import { decodeRelayedMessage, encodeRelayedMessage, ORIGIN_LENGTH, RelayedKind } from './relayed-message.ts'
import type { RelayedMessage } from './relayed-message.ts'
import type { ResolvedRelayOptions } from './relay-options.ts'

/** Is notified by a relay. */
export interface RelayListener {
  /** Another process has sent a message about a group. */
  onRelayed(name: string, message: RelayedMessage): void
}

/** Carries messages between the groups of this process and those of other processes. */
export class GroupRelay {
  readonly #options: ResolvedRelayOptions
  readonly #listener: RelayListener
  /** Identifies this process, so that it ignores its own messages. */
  readonly #origin = randomBytes(ORIGIN_LENGTH).toString('latin1')
  readonly #channels = new Map<string, RelayChannel>()
  /** The groups whose presence is too long, which has been reported. */
  readonly #tooLong = new Set<string>()

  constructor(options: ResolvedRelayOptions, listener: RelayListener) {
    this.#options = options
    this.#listener = listener
  }

  /** @returns an error if the message is too long for the other processes, so that no member may get it. `onError` is also called. */
  checkLength({ length }: Uint8Array): WebSocketException | undefined {
    const { maxMessageSize, onError } = this.#options
    if (length <= maxMessageSize) return undefined
    const message = `A message of ${length} bytes is too long for the backplane: maxMessageSize of the groups is ${maxMessageSize}`
    const error = new WebSocketException('ERR_WEBSOCKET_MESSAGE_TOO_BIG', message)
    onError(error)
    return error
  }

  /** @returns a promise that rejects if the message was not published. It needs no handler, because `onError` is also called. */
  publish(name: string, kind: RelayedKind, payload: Uint8Array): Promise<void> {
    return markHandled(this.#publish(name, encodeRelayedMessage({ kind, origin: this.#origin, payload })))
  }

  /** Publishes presence, which is repeated soon: a failure of the backplane is not reported, and presence that is too long only once. */
  publishPresence(name: string, payload: Uint8Array): void {
    const { backplane, maxMessageSize, onError } = this.#options
    if (payload.length > maxMessageSize) {
      if (!this.#tooLong.has(name)) onError(presenceTooLong(name, payload.length, maxMessageSize))
      this.#tooLong.add(name)
      return
    }
    this.#tooLong.delete(name)
    const bytes = encodeRelayedMessage({ kind: RelayedKind.Presence, origin: this.#origin, payload })
    new Promise((resolve) => resolve(backplane.publish(name, bytes))).catch(ignore)
  }

  /** Listens to the messages of other processes about a group. */
  join(name: string): void {
    if (this.#channels.has(name)) return
    const channel = new RelayChannel()
    this.#channels.set(name, channel)
    try {
      channel.open(this.#options.backplane.subscribe(name, (message) => this.#onMessage(name, channel, message)))
    } catch (error) {
      channel.fail()
      this.#options.onError(toUnavailable(error))
    }
    channel.failed?.catch((error: unknown) => {
      channel.fail()
      this.#options.onError(toUnavailable(error))
    })
  }

  leave(name: string): void {
    this.#channels.get(name)?.close()
    this.#channels.delete(name)
    this.#tooLong.delete(name)
  }

  /** Resolves when messages of other processes about a group arrive; with `false` if the group is no longer listened to. */
  whenListening(name: string): Promise<boolean> {
    return this.#channels.get(name)?.whenOpen ?? Promise.resolve(false)
  }

  async #publish(name: string, bytes: Uint8Array): Promise<void> {
    try {
      await this.#options.backplane.publish(name, bytes)
    } catch (cause) {
      const error = toUnavailable(cause)
      this.#options.onError(error)
      throw error
    }
  }

  #onMessage(name: string, channel: RelayChannel, bytes: Uint8Array): void {
    if (this.#channels.get(name) !== channel) return
    try {
      const message = decodeRelayedMessage(name, bytes, this.#options.maxMessageSize)
      if (message.origin !== this.#origin) this.#listener.onRelayed(name, message)
    } catch (error) {
      this.#options.onError(toUnavailable(error))
    }
  }
}

/** A channel with an active or pending subscription. */
class RelayChannel {
  readonly whenOpen: Promise<boolean>
  failed: Promise<unknown> | undefined
  #subscription: BackplaneSubscription | undefined
  #settle: (isOpen: boolean) => void = () => undefined

  constructor() {
    this.whenOpen = new Promise((resolve) => {
      this.#settle = resolve
    })
  }

  open(subscription: BackplaneSubscription): void {
    this.#subscription = subscription
    this.failed = subscription.active.then(() => this.#settle(true))
  }

  /** No message will arrive. */
  fail(): void {
    this.#settle(false)
  }

  close(): void {
    this.#settle(false)
    this.#subscription?.unsubscribe()
  }
}

function presenceTooLong(name: string, length: number, maxMessageSize: number): WebSocketException {
  const message =
    `The presence of the group '${name.slice(0, 100)}' is too long for the backplane: it has ${length} bytes, and maxMessageSize of the groups is ` +
    `${maxMessageSize}. Other processes do not know the members of the group in this process`
  return new WebSocketException('ERR_WEBSOCKET_MESSAGE_TOO_BIG', message)
}

function toUnavailable(cause: unknown): WebSocketException {
  if (cause instanceof WebSocketException) return cause
  const why = cause instanceof Error ? cause.message : String(cause)
  return new WebSocketException('ERR_WEBSOCKET_BACKPLANE_UNAVAILABLE', `The backplane has failed: ${why}`, { cause })
}

function ignore(): void {}
