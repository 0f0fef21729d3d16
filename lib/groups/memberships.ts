import type { GroupMember } from './group-member.ts'
import type { ManagedWebSocket } from '../web-socket/managed-web-socket.ts'

/** A group, which its members can leave. */
export interface Leavable {
  delete(webSocket: ManagedWebSocket): boolean
}

/** The groups that a WebSocket is in, and what it is to each. */
export type Memberships = Map<Leavable, GroupMember>

/**
 * The groups of a WebSocket, which leaves them all when it has completed. It is listened to once, however often it comes and goes: who waits for a
 * completion cannot be taken off it.
 */
export function membershipsOf(webSocket: ManagedWebSocket): Memberships {
  const known = all.get(webSocket)
  if (known !== undefined) return known
  const memberships: Memberships = new Map()
  all.set(webSocket, memberships)
  void webSocket.completion.then(() => leaveAll(memberships, webSocket))
  return memberships
}

/** What {@link membershipsOf} tells, if the WebSocket was ever asked for. */
export function knownMembershipsOf(webSocket: ManagedWebSocket): Memberships | undefined {
  return all.get(webSocket)
}

function leaveAll(memberships: Memberships, webSocket: ManagedWebSocket): void {
  for (const group of memberships.keys()) group.delete(webSocket)
}

const all = new WeakMap<ManagedWebSocket, Memberships>()
