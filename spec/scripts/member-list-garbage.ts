/**
 * Adds and removes many members. Prints how many megabytes of them minor garbage collections leave at most, because a major one may run at any time.
 * Needs `--expose-gc`. Argument: `list` for a member list, `set` for a Set.
 */
import { MemberList } from '../../lib/middleware/member-list.ts'
import type { Membership } from '../../lib/middleware/member-list.ts'

const PRESENT = 50
const COMING_AND_GOING = 20_000
/** Numbers per member: 16 MB together. */
const LENGTH = 100
const BETWEEN_COLLECTIONS = 500

const list = new MemberList<number[]>()
const set = new Set<Membership<number[]>>()
const isSet = process.argv[2] === 'set'
const memberships: Membership<number[]>[] = []
let position = 0

function comeAndGo(count: number): void {
  for (let turn = 0; turn < count; turn++) {
    const newcomer = enter(Array.from({ length: LENGTH }, () => turn))
    position = (position + 7) % PRESENT
    const leaving = memberships[position]
    memberships[position] = newcomer
    if (leaving !== undefined) leave(leaving)
  }
}

function enter(member: number[]): Membership<number[]> {
  if (!isSet) return list.add(member)
  const membership = { member, index: 0 }
  set.add(membership)
  return membership
}

function leave(membership: Membership<number[]>): void {
  if (isSet) set.delete(membership)
  else list.delete(membership)
}

function collectMinor(): void {
  globalThis.gc?.({ type: 'minor' })
}

comeAndGo(10 * PRESENT)
for (let count = 0; count < 3; count++) collectMinor()
globalThis.gc?.()
const before = process.memoryUsage().heapUsed
let most = before
for (let turn = 0; turn < COMING_AND_GOING; turn += BETWEEN_COLLECTIONS) {
  comeAndGo(BETWEEN_COLLECTIONS)
  collectMinor()
  most = Math.max(most, process.memoryUsage().heapUsed)
}
process.stdout.write(JSON.stringify({ present: isSet ? set.size : list.size, leftMegabytes: (most - before) / 1e6 }))
