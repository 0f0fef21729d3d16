import { argumentError } from '../options/argument-error.ts'
import { SETTLED } from '../errors/settled.ts'
import { GroupMembers } from './group-members.ts'
import { readSlowMemberOptions, SLOW_MEMBER_OPTION_NAMES } from './group-options.ts'
import type { ResolvedSlowMemberOptions, SlowMemberOptions } from './group-options.ts'
import { resolveGroupSendOptions } from './group-send-options.ts'
import type { GroupSendOptions } from './group-send-options.ts'
import { knownMembershipsOf } from './memberships.ts'
import { toManagedWebSocket } from './to-managed-web-socket.ts'
import { toPreparedMessage } from './to-prepared-message.ts'
import { OptionReader } from '../options/option-reader.ts'
import type { WebSocketData } from '../web-socket/arguments.ts'
import type { ManagedWebSocket } from '../web-socket/managed-web-socket.ts'
import type { PreparedMessage } from '../web-socket/prepared-message.ts'

/** How {@link WebSocketGroups} work. */
export type WebSocketGroupsOptions = SlowMemberOptions

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
export class WebSocketGroups {
  readonly #options: ResolvedSlowMemberOptions
  readonly #groups = new Map<string, GroupMembers>()
  #dropped = 0

  /**
   * @param options - what becomes of messages for members that read slowly.
   * @throws `WebSocketException` with code `ERR_WEBSOCKET_INVALID_OPTION`.
   */
  constructor(options: WebSocketGroupsOptions = {}) {
    const reader = new OptionReader({ name: 'WebSocketGroups', code: 'ERR_WEBSOCKET_INVALID_OPTION' }, options, SLOW_MEMBER_OPTION_NAMES)
    this.#options = readSlowMemberOptions(reader)
  }

  /** How many groups have members. */
  get size(): number {
    return this.#groups.size
  }

  /** How many messages did not get to the connection of a member; as of {@link WebSocketGroup.dropped}. */
  get dropped(): number {
    return this.#dropped
  }

  /** The names of the groups that have members, as they are now. */
  get names(): string[] {
    return [...this.#groups.keys()]
  }

  /**
   * Makes a WebSocket a member of a group, until it has completed. Does nothing if it is one, or has closed.
   * @returns whether it has become one.
   * @throws `WebSocketException` with code `ERR_WEBSOCKET_INVALID_ARGUMENT`.
   */
  add(name: string, webSocket: ManagedWebSocket): boolean {
    checkName('add', name)
    toManagedWebSocket('add', webSocket)
    const group = this.#groups.get(name) ?? new GroupMembers(name, this.#options, this)
    const isNew = group.add(webSocket)
    if (isNew) this.#groups.set(name, group)
    return isNew
  }

  /**
   * Lets a member leave a group before its WebSocket has completed.
   * @returns whether it was one.
   */
  delete(name: string, webSocket: ManagedWebSocket): boolean {
    return this.#groups.get(name)?.delete(webSocket) ?? false
  }

  /** Whether a WebSocket is a member of a group. */
  has(name: string, webSocket: ManagedWebSocket): boolean {
    return this.#groups.get(name)?.has(webSocket) ?? false
  }

  /** The members of a group, as they are now; empty if it has none. */
  membersOf(name: string): ManagedWebSocket[] {
    return this.#groups.get(name)?.webSockets ?? []
  }

  /** The names of the groups that a WebSocket is in, as they are now. */
  namesOf(webSocket: ManagedWebSocket): string[] {
    const groups = knownMembershipsOf(webSocket)?.keys() ?? []
    return [...groups].flatMap((group) => (group instanceof GroupMembers && group.listener === this ? group.name : []))
  }

  /**
   * Sends a message to all members of a group, in the order of the calls. To a group without members, it does nothing.
   * @param name - of the group.
   * @param data - the whole message, or one of `prepareMessage()`.
   * @param options - who does not get it.
   * @returns as {@link WebSocketGroup.send}.
   * @throws `WebSocketException` rejects with `ERR_WEBSOCKET_INVALID_ARGUMENT`.
   */
  async send(name: string, data: WebSocketData | PreparedMessage, options?: GroupSendOptions): Promise<void> {
    checkName('send', name)
    const { except, messageType } = resolveGroupSendOptions(options)
    const message = toPreparedMessage(data, messageType)
    await (this.#groups.get(name)?.send(message, except) ?? SETTLED)
  }

  /** @internal */
  onDropped(): void {
    this.#dropped++
  }

  /** @internal */
  onEmpty({ name }: GroupMembers): void {
    this.#groups.delete(name)
  }
}

function checkName(owner: string, name: unknown): void {
  if (typeof name !== 'string') throw argumentError(owner, 'name', 'must be a string', name)
}
