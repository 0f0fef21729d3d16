/**
 * Carries messages between the processes of an application, over an engine that they share. `express-use-websockets/redis` has one for
 * Redis, `express-use-websockets/postgres` one for PostgreSQL. A backplane for another engine implements these two methods.
 *
 * It delivers each message at most once, and it keeps the order of the messages that one process publishes to one channel. It may or may not
 * deliver a message to the process that published it: groups recognise their own messages.
 *
 * @example
 * ```ts
 * import { EventEmitter } from 'node:events'
 * import { WebSocketGroups } from 'express-use-websockets/groups'
 * import type { Backplane } from 'express-use-websockets/groups'
 *
 * // An engine for one process.
 * const engine = new EventEmitter()
 * const backplane: Backplane = {
 *   publish: async (channel, message) => engine.emit(channel, message),
 *   subscribe(channel, listener) {
 *     engine.on(channel, listener)
 *     return { active: Promise.resolve(), unsubscribe: () => engine.off(channel, listener) }
 *   },
 * }
 * const here = new WebSocketGroups({ backplane })
 * const there = new WebSocketGroups({ backplane })
 * here.add('lobby', webSocket)
 * await there.send('lobby', 'hello')
 * ```
 */
export interface Backplane {
  /**
   * Publishes a message to all subscribers of a channel, in every process.
   * @param channel - the name of a group: any text.
   * @param message - bytes that do not change after the call.
   * @returns a promise that resolves when the engine has accepted the message, and rejects if it has not. A message that cannot be published now
   * must be rejected, not kept for later.
   */
  publish(channel: string, message: Uint8Array): Promise<unknown>
  /**
   * Calls the listener with every message of a channel until the subscription ends. A temporary loss of the engine does not end a subscription;
   * messages that are published during the loss are lost.
   */
  subscribe(channel: string, listener: (message: Uint8Array) => void): BackplaneSubscription
}

/** A subscription to a channel of a {@link Backplane}. */
export interface BackplaneSubscription {
  /** Resolves when the subscription is active. While the engine cannot be reached, it waits. */
  readonly active: Promise<unknown>
  /** Ends the subscription immediately. */
  unsubscribe(): unknown
}
