import type { WebSocketPresence } from './group-presence.ts'
import type { GroupSendOptions } from './group-send-options.ts'
import { resolveGroupsOptions } from './groups-options.ts'
import type { WebSocketGroupsOptions } from './groups-options.ts'
import { NamedGroups } from './named-groups.ts'
import type { WebSocketData } from '../web-socket/arguments.ts'
import type { ManagedWebSocket } from '../web-socket/managed-web-socket.ts'
import type { PreparedMessage } from '../web-socket/prepared-message.ts'

/**
 * Groups by name: rooms, topics, users. A group begins with its first member, and is forgotten when the last has left. Each works as a
 * {@link WebSocketGroup}.
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
   * @param options - what becomes of messages for members that read slowly; what ties the groups to those of other processes.
   * @throws `WebSocketException` with code `ERR_WEBSOCKET_INVALID_OPTION`.
   */
  constructor(options: WebSocketGroupsOptions = {}) {
    this.#groups = new NamedGroups(resolveGroupsOptions('WebSocketGroups', options))
  }

  /** How many groups have members in this process. */
  get size(): number {
    return this.#groups.groups.size
  }

  /** How many messages did not get to the connection of a member; as of {@link WebSocketGroup.dropped}. */
  get dropped(): number {
    return this.#groups.dropped
  }

  /** The names of the groups that have members in this process, as they are now. */
  get names(): string[] {
    return [...this.#groups.groups.keys()]
  }

  /**
   * Makes a WebSocket a member of a group, until it has completed. Does nothing if it is one, or has closed.
   * @param name - of the group: any text.
   * @param webSocket - as `acceptWebSocketAsync()` makes it.
   * @param identity - who that is, for `presenceOf()`.
   * @returns whether it has become one.
   * @throws `WebSocketException` with code `ERR_WEBSOCKET_INVALID_ARGUMENT`.
   */
  add(name: string, webSocket: ManagedWebSocket, identity?: string): boolean {
    return this.#groups.add(name, webSocket, identity)
  }

  /**
   * Lets a member leave a group before its WebSocket has completed.
   * @returns whether it was one.
   */
  delete(name: string, webSocket: ManagedWebSocket): boolean {
    return this.#groups.groups.get(name)?.delete(webSocket) ?? false
  }

  /** Whether a WebSocket is a member of a group. */
  has(name: string, webSocket: ManagedWebSocket): boolean {
    return this.#groups.groups.get(name)?.has(webSocket) ?? false
  }

  /** The members of a group in this process, as they are now; empty if it has none. */
  membersOf(name: string): ManagedWebSocket[] {
    return this.#groups.groups.get(name)?.webSockets ?? []
  }

  /** The names of the groups that a WebSocket is in, as they are now. */
  namesOf(webSocket: ManagedWebSocket): string[] {
    return this.#groups.namesOf(webSocket)
  }

  /** Who is in a group; as of {@link WebSocketGroup.presence}. A process that has no member in a group hears nothing of the others. */
  presenceOf(name: string): WebSocketPresence {
    return this.#groups.presenceOf(name)
  }

  /**
   * Sends a message to all members of a group, in the order of the calls. To a group without members, it does nothing, unless other processes have some.
   * @param name - of the group.
   * @param data - the whole message, or one of `prepareMessage()`.
   * @param options - who does not get it.
   * @returns as {@link WebSocketGroup.send}.
   * @throws `WebSocketException` rejects as {@link WebSocketGroup.send} does.
   */
  send(name: string, data: WebSocketData | PreparedMessage, options?: GroupSendOptions): Promise<void> {
    return this.#groups.send(name, data, options)
  }

  /** Waits until messages of other processes arrive; as {@link WebSocketGroup.whenListening}. */
  whenListening(name: string): Promise<boolean> {
    return this.#groups.whenListening(name)
  }

  /** Lets all members leave, and ends what ties the groups to other processes. Their sockets stay open. */
  dispose(): void {
    this.#groups.close()
  }

  /** `dispose()`, for `using`. */
  [Symbol.dispose](): void {
    this.dispose()
  }
}
