import { describe, expect, it } from '@jest/globals'
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'

const root = join(__dirname, '..')
const skipped = new Set(['coverage', 'dist', 'node_modules'])
const sources = filesIn('').filter((file) => /\.[cm]?[jt]s$/.test(file))

describe('the sources', () => {
  it('are plain ASCII, so that no two characters look alike', () => {
    const offences = sources.flatMap((file) =>
      readFileSync(join(root, file), 'utf8')
        .split('\n')
        .flatMap((line, index) => (/[^\t\x20-\x7e]/.test(line) ? `${file}:${index + 1}: ${line.trim()}` : [])),
    )

    expect(sources).toContain('lib/index.ts')
    expect(offences).toEqual([])
  })

  it('do not read headersDistinct, which throws an error on Node 20.19, 22.12 and 24.0 for a field named __proto__', () => {
    const readers = sources.filter(
      (file) => file.startsWith('lib/') && /\.headersDistinct|\{[^}]*\bheadersDistinct\b/.test(readFileSync(join(root, file), 'utf8')),
    )

    expect(readers).toEqual([])
  })
})

function filesIn(folder: string): string[] {
  return readdirSync(join(root, folder), { withFileTypes: true })
    .filter(({ name }) => !name.startsWith('.') && !skipped.has(name))
    .flatMap((entry) => (entry.isDirectory() ? filesIn(join(folder, entry.name)) : join(folder, entry.name)))
}
