import type { WebSocketPresence } from './group-presence.ts'
import type { GroupSendOptions } from './group-send-options.ts'
import { groupsOptionReader, resolveGroupsOptions } from './groups-options.ts'
import type { WebSocketGroupsOptions } from './groups-options.ts'
import { NamedGroups } from './named-groups.ts'
import type { WebSocketData } from '../web-socket/arguments.ts'
import type { ManagedWebSocket } from '../web-socket/managed-web-socket.ts'
import type { PreparedMessage } from '../web-socket/prepared-message.ts'

/**
 * Groups by name, such as rooms, topics or users. A group is created with its first member and removed when the last member has left. Each group
 * works as a {@link WebSocketGroup}.
 *
 * @example
 * ```ts
 * import type { Request } from 'express'
 * import { WebSocketGroups } from 'express-use-websockets/groups'
 *
 * const rooms = new WebSocketGroups()
 * app.all(
 *   '/rooms/:room',
 *   webSocketHandler(async (webSocket, { params: { room } }: Request<{ room: string }>) => {
 *     rooms.add(room, webSocket)
 *     for await (const message of webSocket) void rooms.send(room, message)
 *   }),
 * )
 * ```
 */
export class WebSocketGroups implements Disposable {
  readonly #groups: NamedGroups

  /**
   * @param options - the policy for slow members, and the connection to other processes.
   * @throws `WebSocketException` with code `ERR_WEBSOCKET_INVALID_OPTION`.
   */
  constructor(options: WebSocketGroupsOptions = {}) {
    this.#groups = new NamedGroups(resolveGroupsOptions(groupsOptionReader('WebSocketGroups', options)))
  }

  /** The number of groups that have members in this process. */
  get size(): number {
    return this.#groups.groups.size
  }

  /** The number of messages that were not sent to a member; as {@link WebSocketGroup.dropped}. */
  get dropped(): number {
    return this.#groups.dropped
  }

  /** A snapshot of the names of the groups that have members in this process. */
  get names(): string[] {
    return [...this.#groups.groups.keys()]
  }

  /**
   * Adds a WebSocket to a group until it has completed. Has no effect if it is already a member or has closed.
   * @param name - the name of the group: any text.
   * @param webSocket - a socket of `acceptWebSocketAsync()`.
   * @param identity - the identity of the member, for `presenceOf()`.
   * @returns whether it has become a member.
   * @throws `WebSocketException` with code `ERR_WEBSOCKET_INVALID_ARGUMENT`; after `dispose()`, with `ERR_WEBSOCKET_INVALID_STATE`.
   */
  add(name: string, webSocket: ManagedWebSocket, identity?: string): boolean {
    return this.#groups.add(name, webSocket, identity)
  }

  /**
   * Removes a member from a group before its WebSocket has completed.
   * @returns whether it was a member.
   */
  delete(name: string, webSocket: ManagedWebSocket): boolean {
    return this.#groups.groups.get(name)?.delete(webSocket) ?? false
  }

  /** Whether a WebSocket is a member of a group. */
  has(name: string, webSocket: ManagedWebSocket): boolean {
    return this.#groups.groups.get(name)?.has(webSocket) ?? false
  }

  /** A snapshot of the members of a group in this process; empty if there are none. */
  membersOf(name: string): ManagedWebSocket[] {
    return this.#groups.groups.get(name)?.webSockets ?? []
  }

  /** A snapshot of the names of the groups that contain a WebSocket. */
  namesOf(webSocket: ManagedWebSocket): string[] {
    return this.#groups.namesOf(webSocket)
  }

  /** The members of a group; as {@link WebSocketGroup.presence}. A process without a member in the group does not know the others. */
  presenceOf(name: string): WebSocketPresence {
    return this.#groups.presenceOf(name)
  }

  /**
   * Sends a message to all members of a group, in the order of the calls. It has no effect if the group has no members in any process.
   * @param name - the name of the group.
   * @param data - the whole message, or one of `prepareMessage()`.
   * @param options - the member to exclude, and the type of the message.
   * @returns the same promise as {@link WebSocketGroup.send}.
   * @throws `WebSocketException` rejects as {@link WebSocketGroup.send} does.
   */
  send(name: string, data: WebSocketData | PreparedMessage, options?: GroupSendOptions): Promise<void> {
    return this.#groups.send(name, data, options)
  }

  /** Waits until messages of other processes arrive, as {@link WebSocketGroup.whenListening} does. */
  whenListening(name: string): Promise<boolean> {
    return this.#groups.whenListening(name)
  }

  /** Removes all members and ends the connection to other processes. The sockets stay open. From then on, `add()` throws. */
  dispose(): void {
    this.#groups.close()
  }

  /** Calls `dispose()`, for `using`. */
  [Symbol.dispose](): void {
    this.dispose()
  }
}
