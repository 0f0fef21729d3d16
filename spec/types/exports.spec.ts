import { describe, expect, it } from '@jest/globals'
import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { exports as entryPoints } from '../../package.json'

const names = Object.keys(entryPoints)
  .filter((path) => path !== './package.json')
  .map((path) => (path === '.' ? 'index' : path.slice(2)))

describe.each(names)('spec/types/%s.ts', (name) => {
  it('mentions every name that lib/%s.ts exports', () => {
    const promises = join(__dirname, `${name}.ts`)
    const text = existsSync(promises) ? readFileSync(promises, 'utf8') : ''
    const exported = exportedNames(readFileSync(join(__dirname, `../../lib/${name}.ts`), 'utf8'))

    expect(exported.length).toBeGreaterThan(0)
    // Once in the import, once in the code.
    expect(exported.filter((exportedName) => (text.match(new RegExp(`\\b${exportedName}\\b`, 'g')) ?? []).length < 2)).toEqual([])
  })
})

/** The names that a source exports, values and types, in lists and in declarations. */
function exportedNames(source: string): string[] {
  const lists = Array.from(source.matchAll(/^export (?:type )?\{([^}]+)\}/gm), ([, list = '']) => list.split(','))
  const declarations = Array.from(
    source.matchAll(/^export (?:async )?(?:class|const|function|interface|type) (\w+)/gm),
    ([, declared = '']) => declared,
  )
  return [...lists.flat().map((item) => item.trim().replace(/^type |^\w+ as /, '')), ...declarations].filter((name) => name !== '')
}
