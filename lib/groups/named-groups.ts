import { handledRejection, markHandled } from '../errors/handled-rejection.ts'
import { WebSocketException } from '../errors/web-socket-exception.ts'
import { SETTLED } from '../errors/settled.ts'
import { argumentError } from '../options/argument-error.ts'
import { GroupMembers } from './group-members.ts'
import type { GroupMembersListener } from './group-members.ts'
import { GroupPresence } from './group-presence.ts'
import type { PresenceListener, WebSocketPresence } from './group-presence.ts'
import { GroupRelay } from './group-relay.ts'
import type { RelayListener } from './group-relay.ts'
import type { ResolvedGroupsOptions } from './groups-options.ts'
import type { GroupSendOptions, ResolvedGroupSendOptions } from './group-send-options.ts'
import { resolveGroupSendOptions } from './group-send-options.ts'
import { knownMembershipsOf } from './memberships.ts'
import { RelayedKind } from './relayed-message.ts'
import type { RelayedMessage } from './relayed-message.ts'
import { toManagedWebSocket } from './to-managed-web-socket.ts'
import type { WebSocketData } from '../web-socket/arguments.ts'
import type { ManagedWebSocket } from '../web-socket/managed-web-socket.ts'
import { PreparedMessage, prepareMessage } from '../web-socket/prepared-message.ts'
import { WebSocketMessageType } from '../web-socket/values/web-socket-message-type.ts'

/** The groups of this process by name, and their connection to the groups of other processes. */
export class NamedGroups implements GroupMembersListener, PresenceListener, RelayListener {
  readonly groups = new Map<string, GroupMembers>()
  dropped = 0
  #isClosed = false
  readonly #options: ResolvedGroupsOptions
  readonly #relay: GroupRelay | undefined
  readonly #presence: GroupPresence | undefined

  constructor(options: ResolvedGroupsOptions) {
    this.#options = options
    const { relay, presenceInterval } = options
    if (relay === undefined) return
    this.#relay = new GroupRelay(relay, this)
    if (presenceInterval !== undefined) this.#presence = new GroupPresence(presenceInterval, this)
  }

  add(name: string, webSocket: ManagedWebSocket, identity: string | undefined): boolean {
    checkName('add', name)
    toManagedWebSocket('add', webSocket)
    if (identity !== undefined && typeof identity !== 'string') throw argumentError('add', 'identity', 'must be a string', identity)
    if (this.#isClosed)
      throw new WebSocketException('ERR_WEBSOCKET_INVALID_STATE', 'The groups were disposed, so no WebSocket can become a member')
    const group = this.groups.get(name) ?? new GroupMembers(name, this.#options, this)
    if (!group.add(webSocket, identity)) return false
    if (group.size === 1) this.#onFirstMember(name, group)
    this.#onChange(name)
    return true
  }

  namesOf(webSocket: ManagedWebSocket): string[] {
    const groups = knownMembershipsOf(webSocket)?.keys() ?? []
    return [...groups].flatMap((group) => (group instanceof GroupMembers && group.listener === this ? group.name : []))
  }

  presenceOf(name: string): WebSocketPresence {
    checkName('presenceOf', name)
    if (this.#presence !== undefined) return this.#presence.of(name)
    const group = this.groups.get(name)
    return { count: group?.size ?? 0, identities: group?.identities.toSorted() ?? [] }
  }

  /** An invalid argument causes an ordinary unhandled rejection; a rejection of the backplane needs no handler. */
  send(name: string, data: WebSocketData | PreparedMessage, options: GroupSendOptions | undefined): Promise<void> {
    let message: PreparedMessage
    let resolved: ResolvedGroupSendOptions
    try {
      checkName('send', name)
      resolved = resolveGroupSendOptions(options)
      message = data instanceof PreparedMessage ? data : prepareMessage(data, resolved.messageType)
    } catch (error) {
      return Promise.reject(error)
    }
    const refusal = this.#relay?.checkLength(message.payload)
    if (refusal !== undefined) return handledRejection(refusal)
    const sent = this.groups.get(name)?.send(message, resolved.except) ?? SETTLED
    if (this.#relay === undefined) return sent
    const published = this.#relay.publish(name, message.isText ? RelayedKind.Text : RelayedKind.Binary, message.payload)
    return markHandled(sent.then(() => published))
  }

  async whenListening(name: string): Promise<boolean> {
    checkName('whenListening', name)
    return this.#relay === undefined ? this.groups.has(name) : this.#relay.whenListening(name)
  }

  close(): void {
    this.#isClosed = true
    for (const group of this.groups.values()) for (const webSocket of group.webSockets) group.delete(webSocket)
    this.#presence?.dispose()
  }

  // Queries and notifications of the parts.

  onDropped(): void {
    this.dropped++
  }

  onLeft({ name, size }: GroupMembers): void {
    if (size > 0) return this.#onChange(name)
    this.groups.delete(name)
    this.#presence?.onEmpty(name)
    this.#relay?.leave(name)
    this.onPresence(name)
  }

  onRelayed(name: string, { kind, origin, payload }: RelayedMessage): void {
    if (kind === RelayedKind.Presence) return this.#presence?.onMessage(name, origin, payload)
    const messageType = kind === RelayedKind.Text ? WebSocketMessageType.Text : WebSocketMessageType.Binary
    void this.groups.get(name)?.send(prepareMessage(payload, messageType), undefined)
  }

  membersOf(name: string): GroupMembers | undefined {
    return this.groups.get(name)
  }

  names(): Iterable<string> {
    return this.groups.keys()
  }

  publishPresence(name: string, payload: Buffer): void {
    this.#relay?.publishPresence(name, payload)
  }

  onPresence(name: string): void {
    this.#options.onPresence?.(name)
  }

  #onChange(name: string): void {
    this.#presence?.onChange(name)
    this.onPresence(name)
  }

  #onFirstMember(name: string, group: GroupMembers): void {
    this.groups.set(name, group)
    this.#relay?.join(name)
    void this.#relay?.whenListening(name).then((isListening) => isListening && this.#presence?.onListening(name))
  }
}

function checkName(owner: string, name: unknown): void {
  if (typeof name !== 'string') throw argumentError(owner, 'name', 'must be a string', name)
}
