import type { WebSocketPresence } from './group-presence.ts'
import type { GroupSendOptions } from './group-send-options.ts'
import { groupsOptionReader, resolveGroupsOptions } from './groups-options.ts'
import type { WebSocketGroupsOptions } from './groups-options.ts'
import { NamedGroups } from './named-groups.ts'
import type { WebSocketData } from '../web-socket/arguments.ts'
import type { ManagedWebSocket } from '../web-socket/managed-web-socket.ts'
import type { PreparedMessage } from '../web-socket/prepared-message.ts'

/** A name. */
export interface WebSocketGroupName {
  /** With a backplane, groups with the same name are one group across all processes and both classes. Defaults to `''`. */
  readonly name?: string | undefined
}

/** Options of a {@link WebSocketGroup}: those of {@link WebSocketGroups}, and a name. */
export type WebSocketGroupOptions = WebSocketGroupsOptions & WebSocketGroupName

/**
 * A group of WebSockets that get the same messages. Each message is framed and compressed once for all members. A member leaves when its
 * WebSocket has completed. A slow member does not delay the others, and its waiting messages are limited: see {@link SlowMemberPolicy}.
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
   * @param options - the policy for slow members, and the connection to other processes.
   * @throws `WebSocketException` with code `ERR_WEBSOCKET_INVALID_OPTION`.
   */
  constructor(options: WebSocketGroupOptions = {}) {
    const reader = groupsOptionReader('WebSocketGroup', options, ['name'])
    const name = reader.value('name') ?? ''
    if (typeof name !== 'string') throw reader.error('name', 'must be a string')
    this.#groups = new NamedGroups(resolveGroupsOptions(reader))
    this.#name = name
  }

  /** The number of members in this process. */
  get size(): number {
    return this.#groups.groups.get(this.#name)?.size ?? 0
  }

  /**
   * The number of messages that were not sent to a member, because the member read too slowly or was being sent a message of several frames.
   * A message that two members miss counts twice.
   */
  get dropped(): number {
    return this.#groups.dropped
  }

  /**
   * Adds a WebSocket until it has completed. Has no effect if it is already a member or has closed.
   * @param webSocket - a socket of `acceptWebSocketAsync()`.
   * @param identity - the identity of the member, for `presence`.
   * @returns whether it has become a member.
   * @throws `WebSocketException` with code `ERR_WEBSOCKET_INVALID_ARGUMENT`; after `dispose()`, with `ERR_WEBSOCKET_INVALID_STATE`.
   */
  add(webSocket: ManagedWebSocket, identity?: string): boolean {
    return this.#groups.add(this.#name, webSocket, identity)
  }

  /**
   * Removes a member before its WebSocket has completed.
   * @returns whether it was a member.
   */
  delete(webSocket: ManagedWebSocket): boolean {
    return this.#groups.groups.get(this.#name)?.delete(webSocket) ?? false
  }

  /** Whether a WebSocket is a member in this process. */
  has(webSocket: ManagedWebSocket): boolean {
    return this.#groups.groups.get(this.#name)?.has(webSocket) ?? false
  }

  /** The members of the group: in all known processes with the options `backplane` and `presence`, else in this process. */
  get presence(): WebSocketPresence {
    return this.#groups.presenceOf(this.#name)
  }

  /**
   * Sends a message to all members, in the order of the calls.
   * @param data - the whole message, or one of `prepareMessage()`.
   * @param options - the member to exclude, and the type of the message.
   * @returns a promise that resolves immediately. With `slowMembers: 'wait'` it resolves when every member has taken the message or has left. With a
   * backplane it resolves when the engine has accepted the message. A failure of the backplane needs no handler: members in this process still get
   * the message, and `onError` is called.
   * @throws `WebSocketException` rejects with `ERR_WEBSOCKET_INVALID_ARGUMENT`; with a backplane, with `ERR_WEBSOCKET_BACKPLANE_UNAVAILABLE` if the
   * engine does not accept the message, and with `ERR_WEBSOCKET_MESSAGE_TOO_BIG`, and then no member gets the message.
   */
  send(data: WebSocketData | PreparedMessage, options?: GroupSendOptions): Promise<void> {
    return this.#groups.send(this.#name, data, options)
  }

  /**
   * Waits until messages of other processes arrive, e.g. before the application reads a history that must have no gap. While the engine of the
   * backplane cannot be reached, the promise waits.
   * @returns `true`, or `false` if the group has no members or its last member leaves meanwhile.
   */
  whenListening(): Promise<boolean> {
    return this.#groups.whenListening(this.#name)
  }

  /** Removes all members and ends the connection to other processes. The sockets stay open. From then on, `add()` throws. */
  dispose(): void {
    this.#groups.close()
  }

  /** Calls `dispose()`, for `using`. */
  [Symbol.dispose](): void {
    this.dispose()
  }

  /** A snapshot of the members in this process. */
  [Symbol.iterator](): Iterator<ManagedWebSocket> {
    const members = this.#groups.groups.get(this.#name)?.webSockets ?? []
    return members[Symbol.iterator]()
  }
}
