import { describe, expect, it } from '@jest/globals'
import { readText } from './documents.ts'

const tables = readText('docs/choosing.md')
  .split(/\n\n/)
  .filter((part) => part.startsWith('|'))
  .map((table) =>
    table
      .trim()
      .split('\n')
      .map((line) => line.split('|').slice(1, -1)),
  )

describe('the feature tables of docs/choosing.md', () => {
  it('compare this package with those for Express, and with other frameworks', () => {
    expect(tables.map(([head = []]) => head.length)).toEqual([6, 7])
    expect(tables.map((table) => table.length > 10)).toEqual([true, true])
  })
})

const features = tables.flatMap(([head = [], , ...rows]) =>
  rows.map(([feature = '', ...cells]) => [feature.trim(), cells, head.length - 1] as const),
)

// links.spec.ts checks the targets of the links.
describe.each(features)('%s', (_feature, cells, count) => {
  it('has a link in every cell', () => {
    expect(cells.length).toBe(count)
    expect(cells.filter((cell) => !/^ \[[^\]]+\]\([^)]+\) *$/.test(cell))).toEqual([])
  })

  it('links to a spec for this package', () => {
    expect(cells[0]).toMatch(/^ \[yes\]\(\.\.\/spec\/[^)]+\) *$/)
  })
})
