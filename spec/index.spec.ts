import { describe, expect, it } from '@jest/globals'
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'

const lib = join(__dirname, '../lib')
const doors = readdirSync(lib).filter((file) => file.endsWith('.mts'))

describe.each(doors)('lib/%s', (door) => {
  it('exports all names of its CommonJS twin', async () => {
    const core = (await import(join(lib, door.replace(/\.mts$/, '.ts')))) as Record<string, unknown>
    const [, names = ''] = /^export \{([^}]+)\}/m.exec(readFileSync(join(lib, door), 'utf8')) ?? []

    expect(
      names
        .split(',')
        .flatMap((name) => name.trim() || [])
        .toSorted(),
    ).toEqual(Object.keys(core).toSorted())
  })
})
