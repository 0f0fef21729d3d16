/** Lets many come and go, and prints how many megabytes of them minor collections of garbage have left. Needs `--expose-gc`. */
import { MemberList } from '../../lib/member-list.ts'
import type { Membership } from '../../lib/member-list.ts'

const PRESENT = 50
const COMING_AND_GOING = 20_000
/** For each of them: 16 MB together. */
const LENGTH = 100
const BETWEEN_COLLECTIONS = 500

const list = new MemberList<number[]>()
const memberships: Membership<number[]>[] = []
let position = 0

function comeAndGo(count: number): void {
  for (let turn = 0; turn < count; turn++) {
    const newcomer = list.add(Array.from({ length: LENGTH }, () => turn))
    position = (position + 7) % PRESENT
    const leaving = memberships[position]
    memberships[position] = newcomer
    if (leaving !== undefined) list.delete(leaving)
  }
}

function collectMinor(): void {
  globalThis.gc?.({ type: 'minor' })
}

comeAndGo(10 * PRESENT)
for (let count = 0; count < 3; count++) collectMinor()
globalThis.gc?.()
const before = process.memoryUsage().heapUsed
for (let turn = 0; turn < COMING_AND_GOING; turn += BETWEEN_COLLECTIONS) {
  comeAndGo(BETWEEN_COLLECTIONS)
  collectMinor()
}
const after = process.memoryUsage().heapUsed
process.stdout.write(JSON.stringify({ present: list.size, leftMegabytes: (after - before) / 1e6 }))
