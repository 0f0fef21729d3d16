import { SETTLED } from '../errors/settled.ts'
import { GroupMember } from './group-member.ts'
import type { GroupMemberListener } from './group-member.ts'
import type { ResolvedSlowMemberOptions } from './slow-member-options.ts'
import { knownMembershipsOf, membershipsOf } from './memberships.ts'
import type { ManagedWebSocket } from '../web-socket/managed-web-socket.ts'
import type { PreparedMessage } from '../web-socket/prepared-message.ts'
import { WebSocketState } from '../web-socket/values/web-socket-state.ts'

/** Is notified by the members of a group. */
export interface GroupMembersListener extends GroupMemberListener {
  /** A member has left. */
  onLeft(members: GroupMembers): void
}

/** The members of one group in this process. */
export class GroupMembers {
  readonly name: string
  readonly #options: ResolvedSlowMemberOptions
  readonly #listener: GroupMembersListener
  /** An array, because every message iterates over it. */
  readonly #members: GroupMember[] = []

  constructor(name: string, options: ResolvedSlowMemberOptions, listener: GroupMembersListener) {
    this.name = name
    this.#options = options
    this.#listener = listener
  }

  get size(): number {
    return this.#members.length
  }

  /** The owner of the members. */
  get listener(): GroupMembersListener {
    return this.#listener
  }

  get webSockets(): ManagedWebSocket[] {
    return this.#members.map(({ webSocket }) => webSocket)
  }

  /** The identities of the members, each once. */
  get identities(): string[] {
    const identities = new Set<string>()
    for (const { identity } of this.#members) if (identity !== undefined) identities.add(identity)
    return [...identities]
  }

  has(webSocket: ManagedWebSocket): boolean {
    return knownMembershipsOf(webSocket)?.has(this) ?? false
  }

  /** @returns whether it has become a member. */
  add(webSocket: ManagedWebSocket, identity: string | undefined): boolean {
    if (webSocket.state >= WebSocketState.Closed) return false
    const memberships = membershipsOf(webSocket)
    if (memberships.has(this)) return false
    const member = new GroupMember(webSocket, identity, this.#members.length, this.#options, this.#listener)
    memberships.set(this, member)
    this.#members.push(member)
    return true
  }

  /** The last member moves to the free place. */
  delete(webSocket: ManagedWebSocket): boolean {
    const memberships = knownMembershipsOf(webSocket)
    const member = memberships?.get(this)
    const last = this.#members.at(-1)
    if (memberships === undefined || member === undefined || last === undefined) return false
    memberships.delete(this)
    this.#members[member.index] = last
    last.index = member.index
    this.#members.pop()
    member.leave()
    this.#listener.onLeft(this)
    return true
  }

  /**
   * Sends to all members synchronously. The list does not change meanwhile, because nothing here calls the application.
   * @returns a promise that a sender can await.
   */
  send(message: PreparedMessage, except: ReadonlySet<ManagedWebSocket> | undefined): Promise<void> {
    let waiting: Promise<void>[] | undefined
    for (const member of this.#members) {
      if (except?.has(member.webSocket) === true) continue
      const sent = member.send(message)
      if (sent === undefined) continue
      waiting ??= []
      waiting.push(sent)
    }
    return waiting === undefined || this.#options.slowMembers !== 'wait' ? SETTLED : Promise.all(waiting).then(nothing)
  }
}

function nothing(): void {}
