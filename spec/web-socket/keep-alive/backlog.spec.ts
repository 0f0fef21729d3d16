import { describe, expect, it } from '@jest/globals'
import { Backlog } from '../../../lib/web-socket/keep-alive/backlog.ts'

type Look = readonly [now: number, isWaiting: boolean, left: number]

describe('what waits for the peer', () => {
  it.each<[title: string, looks: readonly Look[], seen: readonly (number | undefined)[]]>([
    [
      'shows nothing while nothing waits, whatever leaves',
      [
        [0, false, 0],
        [100, false, 5_000_000],
      ],
      [undefined, undefined],
    ],
    [
      'shows nothing while nothing of it leaves, and more comes',
      [
        [0, true, 1000],
        [100, true, 1000],
      ],
      [undefined, undefined],
    ],
    [
      'shows that some of it has left, and that more is to come',
      [
        [0, true, 1000],
        [100, true, 1001],
      ],
      [undefined, 0],
    ],
    [
      'gives what had left at once the time that it takes at the rate of what waited behind it, when the last has left',
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
      'takes what waits anew for a queue of its own',
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
      'gives no time for the little that leaves at once of any stream, if only a turn later',
      [
        [0, false, 0],
        [100, true, 65_536],
        [200, false, 65_537],
      ],
      [undefined, undefined, 0],
    ],
    [
      'is content with a stream that only tells how much waits',
      [
        [0, false, 0],
        [100, true, -1000],
        [200, true, -2000],
        [300, true, -500],
        [400, false, 0],
      ],
      [undefined, undefined, undefined, 0, 0],
    ],
  ])('%s', (_, looks, seen) => {
    const backlog = new Backlog()
    expect(looks.map(([now, isWaiting, left]) => backlog.look(now, { isWaiting, left }))).toEqual(seen)
  })
})
