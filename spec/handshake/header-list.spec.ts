import { describe, expect, it } from '@jest/globals'
import { splitHeaderList } from '../../lib/handshake/header-list.ts'

describe('splitHeaderList', () => {
  it.each([
    ['splits at commas and trims', ['a, b ,c'], ['a', 'b', 'c']],
    ['reads several lines as one list', ['a', 'b, c'], ['a', 'b', 'c']],
    ['drops empty items', [',a,, ,b,'], ['a', 'b']],
    ['keeps order, case and duplicates', ['B, a, B'], ['B', 'a', 'B']],
    ['takes the quotes off an item that is quoted as a whole', ['"13", "web socket"'], ['13', 'web socket']],
    ['keeps a comma within quotes', ['x="a,b", y'], ['x="a,b"', 'y']],
    ['takes an open quote as lasting to the end of its line', ['x="a, b', 'c'], ['x="a, b', 'c']],
    ['keeps a lone quote', ['"'], ['"']],
    ['takes tabs for white space', ['\ta\t,\tb'], ['a', 'b']],
    ['makes nothing of nothing', ['', ' '], []],
    ['drops an item that is empty within its quotes', ['""'], []],
  ])('%s', (_, lines, items) => {
    expect(splitHeaderList(lines)).toEqual(items)
  })

  it('takes time in proportion to the length', () => {
    expect(splitHeaderList([`${' '.repeat(100_000)},`.repeat(10)])).toEqual([])
  })
})
