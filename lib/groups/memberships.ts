import type { GroupMember } from './group-member.ts'
import type { ManagedWebSocket } from '../web-socket/managed-web-socket.ts'

/** A group that members can leave. */
export interface Leavable {
  delete(webSocket: ManagedWebSocket): boolean
}

/** The groups of a WebSocket, and its member object in each. */
export type Memberships = Map<Leavable, GroupMember>

/**
 * The groups of a WebSocket. It leaves all of them when it has completed. There is one listener per socket, however often the socket joins and
 * leaves, because a listener cannot be removed from a promise.
 */
export function membershipsOf(webSocket: ManagedWebSocket): Memberships {
  const known = all.get(webSocket)
  if (known !== undefined) return known
  const memberships: Memberships = new Map()
  all.set(webSocket, memberships)
  void webSocket.completion.then(() => leaveAll(memberships, webSocket))
  return memberships
}

/** The result of {@link membershipsOf} if it was called for this WebSocket; else `undefined`. */
export function knownMembershipsOf(webSocket: ManagedWebSocket): Memberships | undefined {
  return all.get(webSocket)
}

function leaveAll(memberships: Memberships, webSocket: ManagedWebSocket): void {
  for (const group of memberships.keys()) group.delete(webSocket)
}

const all = new WeakMap<ManagedWebSocket, Memberships>()
