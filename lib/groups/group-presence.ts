import type { GroupMembers } from './group-members.ts'
import { decodePresence, encodePresence } from './presence-message.ts'
import type { PresenceMessage } from './presence-message.ts'
import { invalidMessageError } from './relayed-message.ts'
import { startTimer } from '../options/start-timer.ts'

/** The members of a group in all processes. */
export interface WebSocketPresence {
  /** The number of members. */
  readonly count: number
  /** Their identities, as passed to `add()`, each once, in alphabetical order. */
  readonly identities: readonly string[]
}

/** The part of the groups that presence uses: queries and notifications. */
export interface PresenceListener {
  membersOf(name: string): GroupMembers | undefined
  names(): Iterable<string>
  publishPresence(name: string, payload: Buffer): void
  onPresence(name: string): void
}

/** Tracks the members in other processes, and tells those processes about the members here: on a change, on request, and every `interval`. */
export class GroupPresence {
  readonly #interval: number
  readonly #listener: PresenceListener
  /** The members by group and process. */
  readonly #others = new Map<string, Map<string, OtherProcess>>()
  /** The groups that need an announcement, and whether it asks for answers. */
  readonly #changed = new Map<string, boolean>()
  readonly #beat: NodeJS.Timeout | undefined
  #announceTimer: NodeJS.Timeout | undefined

  constructor(interval: number, listener: PresenceListener) {
    this.#interval = interval
    this.#listener = listener
    this.#beat = setInterval(() => this.#onBeat(), interval).unref()
  }

  /** @returns the known members of a group. */
  of(name: string): WebSocketPresence {
    const here = describe(this.#listener.membersOf(name), false)
    const identities = new Set(here.identities)
    let { count } = here
    for (const other of this.#others.get(name)?.values() ?? []) {
      count += other.count
      for (const identity of other.identities) identities.add(identity)
    }
    return { count, identities: [...identities].toSorted() }
  }

  /** A member has joined or left. Changes in quick succession are announced together. */
  onChange(name: string): void {
    this.#announce(name, false)
  }

  /** This process now gets messages about the group. */
  onListening(name: string): void {
    this.#announce(name, true)
  }

  /** The last member in this process has left the group. */
  onEmpty(name: string): void {
    this.#changed.delete(name)
    this.#others.delete(name)
    this.#listener.publishPresence(name, encodePresence(NOBODY))
  }

  /** @throws {@link WebSocketException} with code `ERR_WEBSOCKET_BACKPLANE_MESSAGE`. */
  onMessage(name: string, origin: string, payload: Uint8Array): void {
    const message = decodePresence(name, payload)
    if (message.isReplyRequested) this.#announce(name, false)
    const others = this.#others.get(name) ?? new Map<string, OtherProcess>()
    const known = others.get(origin)
    if (known === undefined && others.size >= MAX_PROCESSES)
      throw invalidMessageError(name, `comes from one more process than the limit of ${MAX_PROCESSES}`)
    if (message.count === 0) others.delete(origin)
    else others.set(origin, { ...message, announcedAt: performance.now() })
    if (others.size === 0) this.#others.delete(name)
    else this.#others.set(name, others)
    if (!isSame(known, message)) this.#listener.onPresence(name)
  }

  dispose(): void {
    clearInterval(this.#beat)
    clearTimeout(this.#announceTimer)
  }

  #announce(name: string, isReplyRequested: boolean): void {
    this.#changed.set(name, isReplyRequested || this.#changed.get(name) === true)
    this.#announceTimer ??= startTimer(COLLECTION_TIME, () => this.#announceAll(), undefined)?.unref()
  }

  #announceAll(): void {
    this.#announceTimer = undefined
    for (const [name, isReplyRequested] of this.#changed) {
      const members = this.#listener.membersOf(name)
      if (members !== undefined) this.#listener.publishPresence(name, encodePresence(describe(members, isReplyRequested)))
    }
    this.#changed.clear()
  }

  #onBeat(): void {
    for (const name of this.#listener.names()) this.#announce(name, false)
    const oldest = performance.now() - BEATS_TO_EXPIRE * this.#interval
    for (const [name, others] of this.#others) {
      const before = others.size
      for (const [origin, { announcedAt }] of others) if (announcedAt < oldest) others.delete(origin)
      if (others.size === 0) this.#others.delete(name)
      if (others.size < before) this.#listener.onPresence(name)
    }
  }
}

interface OtherProcess extends PresenceMessage {
  /** The time of its last announcement. */
  readonly announcedAt: number
}

function describe(members: GroupMembers | undefined, isReplyRequested: boolean): PresenceMessage {
  return members === undefined ? NOBODY : { count: members.size, identities: members.identities, isReplyRequested }
}

/** Each identity occurs once, and their order may change when a member leaves. */
function isSame(known: PresenceMessage | undefined, { count, identities }: PresenceMessage): boolean {
  if ((known?.count ?? 0) !== count || (known?.identities.length ?? 0) !== identities.length) return false
  const knownIdentities = new Set(known?.identities)
  return identities.every((identity) => knownIdentities.has(identity))
}

const NOBODY: PresenceMessage = { count: 0, identities: [], isReplyRequested: false }
/** The time over which changes are collected, in milliseconds. */
const COLLECTION_TIME = 50
/** A process counts as gone after this number of intervals without an announcement. */
const BEATS_TO_EXPIRE = 3
/** The maximum number of processes per group, because other users of the engine must not be able to fill the memory. */
const MAX_PROCESSES = 1000
