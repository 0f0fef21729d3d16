import { describe, expect, it } from '@jest/globals'
import { array, assert, constant, nat, oneof, property, record } from 'fast-check'
import { Queue } from '../../../lib/web-socket/memory/queue.ts'
import type { Queueable } from '../../../lib/web-socket/memory/queue.ts'

interface Entry extends Queueable<Entry> {
  readonly name: number
}

const entry = (name: number): Entry => ({ name, next: undefined, previous: undefined })

function namesIn(queue: Queue<Entry>): number[] {
  const names: number[] = []
  for (let { first } = queue; first !== undefined; first = first.next) names.push(first.name)
  return names
}

describe('a Queue', () => {
  it('behaves like an array for any sequence of operations', () => {
    const step = oneof(
      constant({ kind: 'push' as const }),
      constant({ kind: 'shift' as const }),
      record({ kind: constant('delete' as const), place: nat(20) }),
    )
    assert(
      property(array(step, { maxLength: 60 }), (steps) => {
        const queue = new Queue<Entry>()
        let model: Entry[] = []
        for (const [name, act] of steps.entries()) {
          if (act.kind === 'push') {
            const pushed = entry(name)
            model.push(pushed)
            queue.push(pushed)
          } else if (act.kind === 'shift') {
            model = model.filter((other) => other !== queue.first)
            queue.shift()
          } else {
            const left = model[act.place]
            if (left !== undefined) queue.delete(left)
            model = model.filter((other) => other !== left)
          }
          expect(namesIn(queue)).toEqual(model.map((other) => other.name))
          expect(queue.last).toBe(model.at(-1))
          expect(queue.isEmpty).toBe(model.length === 0)
          expect(model.every((other) => queue.has(other))).toBe(true)
        }
      }),
    )
  })
})
