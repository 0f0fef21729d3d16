import { describe, expect, it } from '@jest/globals'
import { readdirSync, readFileSync, statSync } from 'node:fs'
import { join } from 'node:path'

const root = join(__dirname, '..')
const sources = readdirSync(root)
  .filter((name) => !['coverage', 'dist', 'node_modules'].includes(name) && !name.startsWith('.'))
  .flatMap((name) => (statSync(join(root, name)).isDirectory() ? filesOf(name) : name))
  .filter((file) => /\.[cm]?[jt]s$/.test(file))

describe('the sources', () => {
  it('are plain ASCII, so that what looks alike is alike', () => {
    const offences = sources.flatMap((file) =>
      readFileSync(join(root, file), 'utf8')
        .split('\n')
        .flatMap((line, index) => (/[^\t\x20-\x7e]/.test(line) ? `${file}:${index + 1}: ${line.trim()}` : [])),
    )

    expect(sources).toContain('lib/index.ts')
    expect(offences).toEqual([])
  })
})

function filesOf(folder: string): string[] {
  return readdirSync(join(root, folder), { recursive: true, encoding: 'utf8' }).map((file) => join(folder, file))
}
