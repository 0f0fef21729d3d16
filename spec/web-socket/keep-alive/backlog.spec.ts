import { describe, expect, it } from '@jest/globals'
import { Backlog } from '../../../lib/web-socket/keep-alive/backlog.ts'

type Check = readonly [now: number, isWaiting: boolean, left: number]

describe('the backlog of a peer', () => {
  it.each<[title: string, checks: readonly Check[], seen: readonly (number | undefined)[]]>([
    [
      'reports nothing if nothing is queued, regardless of what is sent',
      [
        [0, false, 0],
        [100, false, 5_000_000],
      ],
      [undefined, undefined],
    ],
    [
      'reports nothing while none of it is sent and more is added',
      [
        [0, true, 1000],
        [100, true, 1000],
      ],
      [undefined, undefined],
    ],
    [
      'reports that a part was sent and more remains',
      [
        [0, true, 1000],
        [100, true, 1001],
      ],
      [undefined, 0],
    ],
    [
      'extends the time for the bytes that left at once by the rate of those queued behind them, when the queue is empty',
      [
        [0, false, 1000],
        [100, true, 4_001_000],
        [200, true, 4_001_000],
        [300, true, 5_001_000],
        [600, false, 6_001_000],
        [700, false, 6_001_000],
      ],
      // 4 MB, at 2 MB in 500 ms.
      [undefined, undefined, undefined, 0, 1000, undefined],
    ],
    [
      'starts a new queue when bytes are queued again',
      [
        [0, true, 1_000_000],
        [100, false, 2_000_000],
        [200, true, 2_100_000],
        [300, false, 2_200_000],
      ],
      // 1 MB, at 1 MB in 100 ms; then 100 kB, at 100 kB in 100 ms.
      [undefined, 100, undefined, 100],
    ],
    [
      'adds no time for the few bytes that leave any stream at once, even a turn later',
      [
        [0, false, 0],
        [100, true, 65_536],
        [200, false, 65_537],
      ],
      [undefined, undefined, 0],
    ],
    [
      'works with a stream that only reports how much is queued',
      [
        [0, false, 0],
        [100, true, -1000],
        [200, true, -2000],
        [300, true, -500],
        [400, false, 0],
      ],
      [undefined, undefined, undefined, 0, 0],
    ],
  ])('%s', (_, checks, seen) => {
    const backlog = new Backlog()
    expect(checks.map(([now, isWaiting, left]) => backlog.check(now, { isWaiting, left }))).toEqual(seen)
  })
})
