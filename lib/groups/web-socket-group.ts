import type { WebSocketPresence } from './group-presence.ts'
import type { GroupSendOptions } from './group-send-options.ts'
import { resolveGroupsOptions } from './groups-options.ts'
import type { WebSocketGroupsOptions } from './groups-options.ts'
import { NamedGroups } from './named-groups.ts'
import { argumentError } from '../options/argument-error.ts'
import type { WebSocketData } from '../web-socket/arguments.ts'
import type { ManagedWebSocket } from '../web-socket/managed-web-socket.ts'
import type { PreparedMessage } from '../web-socket/prepared-message.ts'

/** A name. */
export interface WebSocketGroupName {
  /** With a backplane, groups of one name are one group, in whichever process they are, be they of one class or of the other. Defaults to `''`. */
  readonly name?: string | undefined
}

/** How a {@link WebSocketGroup} works: as {@link WebSocketGroups}, and with a name. */
export type WebSocketGroupOptions = WebSocketGroupsOptions & WebSocketGroupName

/**
 * WebSockets that get the same messages, each of which is framed, and compressed, once for all. A member leaves when its WebSocket has completed.
 * A member that does not read delays no other, and what waits for it is bounded: see {@link SlowMemberPolicy}.
 *
 * @example
 * ```ts
 * import { WebSocketGroup } from 'express-use-websockets/groups'
 *
 * const visitors = new WebSocketGroup()
 * app.all(
 *   '/ws',
 *   webSocketHandler(async (webSocket) => {
 *     visitors.add(webSocket)
 *     for await (const message of webSocket) void visitors.send(message, { except: webSocket })
 *   }),
 * )
 * ```
 */
export class WebSocketGroup implements Disposable, Iterable<ManagedWebSocket> {
  readonly #groups: NamedGroups
  readonly #name: string

  /**
   * @param options - what becomes of messages for members that read slowly; what ties the group to those of other processes.
   * @throws `WebSocketException` with code `ERR_WEBSOCKET_INVALID_OPTION`.
   */
  constructor(options: WebSocketGroupOptions = {}) {
    this.#groups = new NamedGroups(resolveGroupsOptions('WebSocketGroup', options, ['name']))
    this.#name = options.name ?? ''
    if (typeof this.#name !== 'string') throw argumentError('WebSocketGroup', 'name', 'must be a string', this.#name)
  }

  /** How many members there are in this process. */
  get size(): number {
    return this.#groups.groups.get(this.#name)?.size ?? 0
  }

  /**
   * How many messages did not get to the connection of a member, because that read too slowly or was in the middle of a message of several frames.
   * A message that two members miss counts twice.
   */
  get dropped(): number {
    return this.#groups.dropped
  }

  /**
   * Makes a WebSocket a member, until it has completed. Does nothing if it is one, or has closed.
   * @param webSocket - as `acceptWebSocketAsync()` makes it.
   * @param identity - who that is, for `presence`.
   * @returns whether it has become one.
   * @throws `WebSocketException` with code `ERR_WEBSOCKET_INVALID_ARGUMENT`.
   */
  add(webSocket: ManagedWebSocket, identity?: string): boolean {
    return this.#groups.add(this.#name, webSocket, identity)
  }

  /**
   * Lets a member leave before its WebSocket has completed.
   * @returns whether it was one.
   */
  delete(webSocket: ManagedWebSocket): boolean {
    return this.#groups.groups.get(this.#name)?.delete(webSocket) ?? false
  }

  /** Whether a WebSocket is a member, in this process. */
  has(webSocket: ManagedWebSocket): boolean {
    return this.#groups.groups.get(this.#name)?.has(webSocket) ?? false
  }

  /** Who is in the group: in all processes, with the options `backplane` and `presence`, as far as they have told; else in this one. */
  get presence(): WebSocketPresence {
    return this.#groups.presenceOf(this.#name)
  }

  /**
   * Sends a message to all members, in the order of the calls.
   * @param data - the whole message, or one of `prepareMessage()`.
   * @param options - who does not get it.
   * @returns a promise that resolves at once; with `slowMembers: 'wait'`, when every member has taken the message, or has gone; with a backplane, when
   * the engine has the message. A rejection need not be looked at: the members in this process get the message in any case, and `onError` is told.
   * @throws `WebSocketException` rejects with `ERR_WEBSOCKET_INVALID_ARGUMENT`; with a backplane, with `ERR_WEBSOCKET_BACKPLANE_UNAVAILABLE` if it does
   * not take the message, and with `ERR_WEBSOCKET_MESSAGE_TOO_BIG`, when nobody gets it.
   */
  send(data: WebSocketData | PreparedMessage, options?: GroupSendOptions): Promise<void> {
    return this.#groups.send(this.#name, data, options)
  }

  /**
   * Waits until messages of other processes arrive: before a history is read, say, to which nothing may be missing. While the engine of the backplane
   * is gone, that takes until it is back.
   * @returns `true`; or `false`, if the group has no members, or is left by its last one meanwhile.
   */
  whenListening(): Promise<boolean> {
    return this.#groups.whenListening(this.#name)
  }

  /** Lets all members leave, and ends what ties the group to other processes. Their sockets stay open. */
  dispose(): void {
    this.#groups.close()
  }

  /** `dispose()`, for `using`. */
  [Symbol.dispose](): void {
    this.dispose()
  }

  /** The members in this process, as they are now. */
  [Symbol.iterator](): Iterator<ManagedWebSocket> {
    const members = this.#groups.groups.get(this.#name)?.webSockets ?? []
    return members[Symbol.iterator]()
  }
}
