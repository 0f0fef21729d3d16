import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals'
import { compareTranscripts } from './compare-transcripts.ts'
import { keyOf, playAll } from './play-all.ts'
import { startScenarioServer } from './scenario-server.ts'
import type { ScenarioServer } from './scenario-server.ts'
import type { Scenario } from './scenario.ts'
import type { Transcript } from './transcript.ts'

const scenarios = readJson('scenarios.json') as Scenario[]
const references = readJson('transcripts.json') as Transcript[]
const rules = Object.entries(readJson('differences.json') as Record<string, string>).map(([pattern, reason]) => ({
  pattern: new RegExp(pattern),
  reason,
}))

let server: ScenarioServer
let played: ReadonlyMap<string, Transcript>

beforeAll(async () => {
  server = await startScenarioServer({ h1: 0, h2: 0 })
  played = await playAll(scenarios, server.ports)
}, 120_000)

afterAll(() => server.close())

describe('everything that ASP.NET Core was recorded to do', () => {
  const alike = references.filter((reference) => ruleFor(reference) === undefined)

  it.each(alike.map((reference) => [keyOf(reference), reference] as const))('is done alike: %s', (_key, reference) => {
    expect(differencesFrom(reference)).toEqual([])
  })
})

describe('a difference on purpose', () => {
  it.each(rules.map(({ pattern, reason }) => [reason, pattern] as const))('is there: %s', (_reason, pattern) => {
    const covered = references.filter((reference) => pattern.test(keyOf(reference)))

    expect(covered.some((reference) => differencesFrom(reference).length > 0)).toBe(true)
  })
})

function differencesFrom(reference: Transcript): unknown[] {
  const transcript = played.get(keyOf(reference))
  return transcript === undefined ? ['was not played'] : compareTranscripts(reference, transcript)
}

function ruleFor(reference: Transcript) {
  return rules.find(({ pattern }) => pattern.test(keyOf(reference)))
}

function readJson(name: string): unknown {
  return JSON.parse(readFileSync(join(__dirname, name), 'utf8'))
}
