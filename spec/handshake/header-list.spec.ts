import { describe, expect, it } from '@jest/globals'
import { splitHeaderList } from '../../lib/handshake/header-list.ts'

describe('splitHeaderList', () => {
  it.each([
    ['splits at commas and trims', ['a, b ,c'], ['a', 'b', 'c']],
    ['reads several lines as one list', ['a', 'b, c'], ['a', 'b', 'c']],
    ['drops empty items', [',a,, ,b,'], ['a', 'b']],
    ['keeps order, case and duplicates', ['B, a, B'], ['B', 'a', 'B']],
    ['removes the quotes around an item', ['"13", "web socket"'], ['13', 'web socket']],
    ['keeps a comma within quotes', ['x="a,b", y'], ['x="a,b"', 'y']],
    ['reads an unterminated quote to the end of its line', ['x="a, b', 'c'], ['x="a, b', 'c']],
    ['keeps a lone quote', ['"'], ['"']],
    ['treats tabs as white space', ['\ta\t,\tb'], ['a', 'b']],
    ['returns nothing for empty lines', ['', ' '], []],
    ['drops an item with empty quotes', ['""'], []],
  ])('%s', (_, lines, items) => {
    expect(splitHeaderList(lines)).toEqual(items)
  })

  it('needs linear time', () => {
    expect(splitHeaderList([`${' '.repeat(100_000)},`.repeat(10)])).toEqual([])
  })
})
