import { describe, expect, it } from '@jest/globals'
import { readdirSync, readFileSync } from 'node:fs'
import { dirname, join, relative } from 'node:path'

const root = join(__dirname, '..')
const lib = join(root, 'lib')

/** The folders that each folder imports. */
function readArrows(): Map<string, Set<string>> {
  const arrows = new Map<string, Set<string>>()
  for (const file of readdirSync(lib, { recursive: true, encoding: 'utf8' }).filter((name) => name.endsWith('.ts'))) {
    const folder = dirname(file)
    // Entry points may import everything.
    if (folder === '.') continue
    const imported = arrows.get(folder) ?? new Set()
    arrows.set(folder, imported)
    for (const [, path = ''] of readFileSync(join(lib, file), 'utf8').matchAll(/^(?:import|export) .*from '(\..+)'$/gm)) {
      const target = relative(lib, join(lib, folder, dirname(path)))
      if (target !== folder) imported.add(target === '' ? '.' : target)
    }
  }
  return arrows
}

/** The table in CONTRIBUTING.md. */
function readTable(): Map<string, Set<string>> {
  const rows = readFileSync(join(root, 'CONTRIBUTING.md'), 'utf8').matchAll(/^\| `([^`]+)` +\| (nothing|`[^|]+`) +\|$/gm)
  return new Map(
    Array.from(rows, ([, folder = '', cell = '']) => [folder, new Set(Array.from(cell.matchAll(/`([^`]+)`/g), ([, name = '']) => name))]),
  )
}

function sorted(arrows: ReadonlyMap<string, ReadonlySet<string>>): Record<string, string[]> {
  return Object.fromEntries(
    [...arrows].toSorted(([one], [other]) => (one < other ? -1 : 1)).map(([folder, imported]) => [folder, [...imported].toSorted()]),
  )
}

/** Everything that a folder imports, directly or indirectly. */
function reach(arrows: ReadonlyMap<string, ReadonlySet<string>>, folder: string, reached = new Set<string>()): Set<string> {
  for (const next of arrows.get(folder) ?? []) {
    if (reached.has(next)) continue
    reached.add(next)
    reach(arrows, next, reached)
  }
  return reached
}

describe('the folders of lib', () => {
  it('import each other as the table in CONTRIBUTING.md says', () => {
    expect(sorted(readTable())).toEqual(sorted(readArrows()))
  })

  it('have no circular imports', () => {
    const arrows = readArrows()
    expect([...arrows.keys()].filter((folder) => reach(arrows, folder).has(folder))).toEqual([])
  })

  it('of the socket import nothing of HTTP', () => {
    const arrows = readArrows()
    const known: string[] = []
    for (const folder of arrows.keys()) if (folder.startsWith('web-socket')) known.push(...reach(arrows, folder))
    expect(known.filter((folder) => /^(?:hosting|handshake|middleware)/.test(folder))).toEqual([])
  })
})
