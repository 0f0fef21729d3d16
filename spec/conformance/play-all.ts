import { playScenario } from './play-scenario.ts'
import type { ScenarioPorts } from './scenario-server.ts'
import type { Scenario } from './scenario.ts'
import type { Transcript } from './transcript.ts'

/** Plays every scenario over each of its transports, several at a time, because most of them wait most of the time. */
export async function playAll(scenarios: readonly Scenario[], ports: ScenarioPorts): Promise<ReadonlyMap<string, Transcript>> {
  const transcripts = new Map<string, Transcript>()
  const plays = scenarios.flatMap((scenario) =>
    (scenario.transports ?? ['h1', 'h2']).map((transport) => ({ scenario, transport }) as const),
  )
  const player = async (): Promise<void> => {
    for (let play = plays.shift(); play !== undefined; play = plays.shift()) {
      const transcript = await playScenario(play.scenario, play.transport, ports)
      transcripts.set(keyOf(transcript), transcript)
    }
  }
  await Promise.all(Array.from({ length: PLAYERS }, player))
  return transcripts
}

/** The key of a transcript, also in the rules of `differences.json`. */
export function keyOf({ id, transport }: Pick<Transcript, 'id' | 'transport'>): string {
  return `${id} ${transport}`
}

const PLAYERS = 12
