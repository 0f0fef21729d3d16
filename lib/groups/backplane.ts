/**
 * Carries messages between the processes of an application, by an engine that they have in common. `express-use-websockets/redis` has one for
 * Redis; one for another engine is these two methods.
 *
 * It delivers a message at most once, and those of one process to a channel in their order. The process that publishes may get its own messages or
 * not: groups know theirs.
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
   * Hands a message to all that have subscribed to the channel, in every process.
   * @param channel - the name of a group: any text.
   * @param message - bytes, which do not change.
   * @returns a promise that resolves when the engine has the message, and rejects if it has not got it. What cannot be published now must be rejected,
   * rather than kept for later.
   */
  publish(channel: string, message: Uint8Array): Promise<unknown>
  /**
   * Calls back with every message of a channel until it is told to stop. That the engine is gone for a while does not end a subscription; what was
   * published meanwhile is lost.
   */
  subscribe(channel: string, listener: (message: Uint8Array) => void): BackplaneSubscription
}

/** That a channel of a {@link Backplane} is subscribed to. */
export interface BackplaneSubscription {
  /** Resolves when messages arrive. It may take until the engine is there. */
  readonly active: Promise<unknown>
  /** Ends it, at once. */
  unsubscribe(): unknown
}
