import { describe, expect, it } from '@jest/globals'
import { readdirSync } from 'node:fs'
import { basename, join } from 'node:path'
import { runOutcomes } from './support/run-outcomes.ts'

const lib = join(__dirname, '../lib')
const otherDoors = readdirSync(lib)
  .filter((file) => file.endsWith('.mts') && file !== 'index.mts')
  .map((file) => basename(file, '.mts'))

describe('the main entry', () => {
  it('loads nothing that only other entries need', async () => {
    const loaded = await runOutcomes<string>('spec/scripts/loaded-by-main-entry.ts')
    expect(loaded).toContain('middleware/use-web-sockets')
    expect(loaded.filter((module) => otherDoors.some((door) => module === door || module.startsWith(`${door}/`)))).toEqual([])
  })
})
