import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals'
import { compareTranscripts } from './compare-transcripts.ts'
import type { Difference } from './compare-transcripts.ts'
import { readDifferencesPage } from './differences-page.ts'
import { keyOf, playAll } from './play-all.ts'
import { playScenario } from './play-scenario.ts'
import { startScenarioServer } from './scenario-server.ts'
import type { ScenarioServer } from './scenario-server.ts'
import type { Scenario } from './scenario.ts'
import type { Transcript } from './transcript.ts'

/** Specifies that the scenarios of a file run as recorded from ASP.NET Core, except for the intended differences. */
export function specifyConformance(scenariosFile: string, transcriptsFile: string): void {
  const scenarios = readJson(scenariosFile) as Scenario[]
  const references = readJson(transcriptsFile) as Transcript[]
  const rules = readRules()
  const alike = references.filter((reference) => !rules.some(({ pattern }) => pattern.test(keyOf(reference))))
  const differences = new Map<string, Difference[]>()
  let server: ScenarioServer

  beforeAll(async () => {
    server = await startScenarioServer({ h1: 0, h2: 0 })
    const played = await playAll(scenarios, server.ports)
    for (const reference of references) differences.set(keyOf(reference), compare(reference, played.get(keyOf(reference))))
    // On a busy machine, parallel scenarios can exceed a time limit. So a scenario that differs is played once more, alone.
    for (const reference of alike) {
      const scenario = scenarios.find(({ id }) => id === reference.id)
      if (scenario === undefined || differences.get(keyOf(reference))?.length === 0) continue
      const patient = { ...scenario, linger: PATIENT_LINGER }
      differences.set(keyOf(reference), compare(reference, await playScenario(patient, reference.transport, server.ports)))
    }
  }, 180_000)

  afterAll(() => server.close())

  describe('what ASP.NET Core was recorded to do', () => {
    it.each(alike.map((reference) => keyOf(reference)))('is done alike: %s', (key) => {
      expect(differences.get(key)).toEqual([])
    })
  })

  describe('a difference on purpose', () => {
    const covering = rules.filter(({ pattern }) => references.some((reference) => pattern.test(keyOf(reference))))
    const page = readDifferencesPage()
    const known = new Set(references.map(({ id }) => id))

    it.each(covering)('is there, and documented with what shows it: $reason', ({ pattern, reason }) => {
      const covered = references.filter((reference) => pattern.test(keyOf(reference)))
      const different = covered.filter((reference) => differences.get(keyOf(reference))?.length !== 0)
      const documented = page.get(reason)?.filter((id) => known.has(id))

      expect(documented).toEqual([...new Set(different.map(({ id }) => id))])
    })
  })
}

/** The time to wait for the end of a connection when a scenario is played once more, in milliseconds. */
const PATIENT_LINGER = 3000

/** The rules of `differences.json`: a pattern for `ID TRANSPORT`, and the difference, which is a heading of `docs/differences.md`. */
export function readRules(): { readonly pattern: RegExp; readonly reason: string }[] {
  const rules = readJson('differences.json') as Record<string, string>
  return Object.entries(rules).map(([pattern, reason]) => ({ pattern: new RegExp(pattern), reason }))
}

function compare(reference: Transcript, transcript: Transcript | undefined): Difference[] {
  if (transcript === undefined) return [{ part: 'all', reference: 'recorded', ours: 'not played' }]
  return compareTranscripts(reference, transcript)
}

function readJson(name: string): unknown {
  return JSON.parse(readFileSync(join(__dirname, name), 'utf8'))
}
