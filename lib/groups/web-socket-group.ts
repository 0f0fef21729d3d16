import { GroupMembers } from './group-members.ts'
import { readSlowMemberOptions, SLOW_MEMBER_OPTION_NAMES } from './group-options.ts'
import type { SlowMemberOptions } from './group-options.ts'
import { resolveGroupSendOptions } from './group-send-options.ts'
import type { GroupSendOptions } from './group-send-options.ts'
import { toManagedWebSocket } from './to-managed-web-socket.ts'
import { toPreparedMessage } from './to-prepared-message.ts'
import { OptionReader } from '../options/option-reader.ts'
import type { WebSocketData } from '../web-socket/arguments.ts'
import type { ManagedWebSocket } from '../web-socket/managed-web-socket.ts'
import type { PreparedMessage } from '../web-socket/prepared-message.ts'

/** How a {@link WebSocketGroup} works. */
export type WebSocketGroupOptions = SlowMemberOptions

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
export class WebSocketGroup implements Iterable<ManagedWebSocket> {
  readonly #members: GroupMembers
  #dropped = 0

  /**
   * @param options - what becomes of messages for members that read slowly.
   * @throws `WebSocketException` with code `ERR_WEBSOCKET_INVALID_OPTION`.
   */
  constructor(options: WebSocketGroupOptions = {}) {
    const reader = new OptionReader({ name: 'WebSocketGroup', code: 'ERR_WEBSOCKET_INVALID_OPTION' }, options, SLOW_MEMBER_OPTION_NAMES)
    this.#members = new GroupMembers('', readSlowMemberOptions(reader), {
      onDropped: () => {
        this.#dropped++
      },
      onEmpty: () => undefined,
    })
  }

  /** How many members there are. */
  get size(): number {
    return this.#members.size
  }

  /**
   * How many messages did not get to the connection of a member, because that read too slowly or was in the middle of a message of several frames.
   * A message that two members miss counts twice.
   */
  get dropped(): number {
    return this.#dropped
  }

  /**
   * Makes a WebSocket a member, until it has completed. Does nothing if it is one, or has closed.
   * @returns whether it has become one.
   * @throws `WebSocketException` with code `ERR_WEBSOCKET_INVALID_ARGUMENT`.
   */
  add(webSocket: ManagedWebSocket): boolean {
    return this.#members.add(toManagedWebSocket('add', webSocket))
  }

  /**
   * Lets a member leave before its WebSocket has completed.
   * @returns whether it was one.
   */
  delete(webSocket: ManagedWebSocket): boolean {
    return this.#members.delete(webSocket)
  }

  /** Whether a WebSocket is a member. */
  has(webSocket: ManagedWebSocket): boolean {
    return this.#members.has(webSocket)
  }

  /**
   * Sends a message to all members, in the order of the calls.
   * @param data - the whole message, or one of `prepareMessage()`.
   * @param options - who does not get it.
   * @returns a promise that has resolved; with `slowMembers: 'wait'`, one that resolves when every member has taken the message, or has gone.
   * @throws `WebSocketException` rejects with `ERR_WEBSOCKET_INVALID_ARGUMENT`.
   */
  async send(data: WebSocketData | PreparedMessage, options?: GroupSendOptions): Promise<void> {
    const { except, messageType } = resolveGroupSendOptions(options)
    await this.#members.send(toPreparedMessage(data, messageType), except)
  }

  /** The members, as they are now. */
  [Symbol.iterator](): Iterator<ManagedWebSocket> {
    return this.#members.webSockets[Symbol.iterator]()
  }
}
