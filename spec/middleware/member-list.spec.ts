import { describe, expect, it } from '@jest/globals'
import { MemberList } from '../../lib/middleware/member-list.ts'
import { runScript } from '../support/run-script.ts'

describe('a member list', () => {
  it('contains the members that were added and not removed, at any position', () => {
    for (const leaving of [0, 1, 2, 3]) {
      const list = new MemberList<string>()
      const memberships = ['a', 'b', 'c', 'd'].map((name) => list.add(name))
      const left = memberships[leaving]
      if (left !== undefined) list.delete(left)
      list.add('e')

      expect(list.members.toSorted()).toEqual(['a', 'b', 'c', 'd', 'e'].filter((name) => name !== left?.member))
      expect(list.size).toBe(4)
    }
  })

  it('ignores a second removal of a member', () => {
    const list = new MemberList<string>()
    const first = list.add('a')
    list.add('b')
    list.add('c')

    list.delete(first)
    list.delete(first)

    expect(list.members.toSorted()).toEqual(['b', 'c'])
  })

  it('is empty after all were removed, in any order', () => {
    const list = new MemberList<number>()
    const memberships = Array.from({ length: 20 }, (_, index) => list.add(index))
    for (let index = 0; index < 20; index++) {
      const membership = memberships[(index * 7) % 20]
      if (membership !== undefined) list.delete(membership)
    }

    expect(list.size).toBe(0)
    expect(list.members).toEqual([])
  })

  it('does not keep removed members alive until a major garbage collection, as a Set does', async () => {
    const left: number[] = []
    for (const kind of ['list', 'set']) {
      const { exitCode, stdout, stderr } = await runScript('spec/scripts/member-list-garbage.ts', ['--expose-gc'], [kind])
      expect({ exitCode, stderr }).toEqual({ exitCode: 0, stderr: '' })
      const { present, leftMegabytes } = JSON.parse(stdout)
      expect(present).toBe(50)
      left.push(leftMegabytes)
    }
    const [ofList, ofSet] = left

    expect(ofList).toBeLessThan(2)
    // If a future V8 does not keep them alive either, a Set is sufficient.
    expect(ofSet).toBeGreaterThan(5)
  }, 60_000)
})
