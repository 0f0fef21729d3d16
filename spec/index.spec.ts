import { describe, expect, it } from '@jest/globals'
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'

const lib = join(__dirname, '../lib')
const entries = readdirSync(lib).filter((file) => file.endsWith('.mts'))

describe.each(entries)('lib/%s', (entry) => {
  it('exports all names of its CommonJS twin', async () => {
    const core = (await import(join(lib, entry.replace(/\.mts$/, '.ts')))) as Record<string, unknown>
    const [, names = ''] = /^export \{([^}]+)\}/m.exec(readFileSync(join(lib, entry), 'utf8')) ?? []

    expect(
      names
        .split(',')
        .flatMap((name) => name.trim() || [])
        .toSorted(),
    ).toEqual(Object.keys(core).toSorted())
  })
})
