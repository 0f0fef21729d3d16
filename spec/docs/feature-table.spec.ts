import { describe, expect, it } from '@jest/globals'
import { readText } from './documents.ts'

const rows = readText('docs/choosing.md')
  .split('\n')
  .filter((line) => line.startsWith('|'))
  .map((line) => line.split('|').slice(1, -1))

describe('the feature table of docs/choosing.md', () => {
  const [head = [], , ...features] = rows

  it('compares this package with four others', () => {
    expect(head.length).toBe(6)
    expect(features.length).toBeGreaterThan(10)
  })

  // links.spec.ts shows that what the links lead to is there.
  it.each(features.map(([feature = '', ...cells]) => [feature.trim(), cells] as const))(
    'has a link in every cell: %s',
    (_feature, cells) => {
      expect(cells.length).toBe(head.length - 1)
      expect(cells.filter((cell) => !/^ \[[^\]]+\]\([^)]+\) *$/.test(cell))).toEqual([])
    },
  )

  it.each(features.map(([feature = '', own = '']) => [feature.trim(), own] as const))(
    'shows by a spec what this package has: %s',
    (_feature, own) => {
      expect(own).toMatch(/^ \[yes\]\(\.\.\/spec\/[^)]+\) *$/)
    },
  )
})
