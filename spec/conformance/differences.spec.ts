import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from '@jest/globals'
import { readDifferencesPage } from './differences-page.ts'
import { keyOf } from './play-all.ts'
import { readRules } from './specify-conformance.ts'
import type { Scenario } from './scenario.ts'
import type { Transcript } from './transcript.ts'

const scenarios = readAll('scenarios.json', 'more-scenarios.json') as Scenario[]
const references = readAll('transcripts.json', 'more-transcripts.json') as Transcript[]

describe('the list of intended differences', () => {
  it('has the headings of docs/differences.md that scenarios cover', () => {
    expect(readRules().map(({ reason }) => reason)).toEqual([...readDifferencesPage().keys()])
  })

  it('has no unused rule', () => {
    const unused = readRules().filter(({ pattern }) => !references.some((reference) => pattern.test(keyOf(reference))))

    expect(unused).toEqual([])
  })
})

describe('docs/differences.md', () => {
  it('counts the scenarios and the transcripts', () => {
    const page = readFileSync(join(__dirname, '../../docs/differences.md'), 'utf8').replaceAll(/\s+/g, ' ')

    expect(page).toContain(`${scenarios.length} scenarios`)
    expect(page).toContain(`${references.length.toLocaleString('en')} transcripts`)
  })
})

describe('the scenarios', () => {
  it('have a unique id, and a recording over each transport', () => {
    const keys = scenarios.flatMap(({ id, transports }) => (transports ?? ['h1', 'h2']).map((transport) => keyOf({ id, transport })))

    expect(new Set(keys).size).toBe(keys.length)
    expect(references.map((reference) => keyOf(reference))).toEqual(keys)
  })
})

function readAll(...names: readonly string[]): unknown[] {
  return names.flatMap((name) => JSON.parse(readFileSync(join(__dirname, name), 'utf8')) as unknown[])
}
