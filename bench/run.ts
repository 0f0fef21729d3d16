import { buildKestrel } from './build-kestrel.ts'
import { takeMeasurement } from './measurement.ts'
import type { Measurement } from './measurement.ts'
import { readOptions } from './options.ts'
import { missingPart } from './peers.ts'
import type { Peer } from './peers.ts'
import { describeMachine, summarise, table } from './report.ts'
import { saveReport } from './saved-results.ts'
import { SCENARIOS } from './scenarios.ts'
import type { Scenario } from './scenarios.ts'

/** Runs the scenarios. The servers take turns within each, so that a change in the machine's speed affects all of them alike. */
async function main(): Promise<void> {
  const options = readOptions(process.argv.slice(2))
  if (options.peers.length === 0 || options.peers.some((name) => name.startsWith('kestrel'))) buildKestrel()
  const scenarios = SCENARIOS.filter(({ name }) => options.only.length === 0 || options.only.includes(name))
  console.log(describeMachine())
  for (const scenario of scenarios) {
    const peers = presentPeers(scenario, options.peers)
    const measurements = await measureInTurn(scenario, peers, options)
    const report = summarise(scenario, peers, measurements)
    console.log(table(report))
    if (options.isSaving) saveReport(report, options)
  }
}

function presentPeers(scenario: Scenario, chosen: readonly string[]): Peer[] {
  return scenario.peers.filter((peer) => {
    if (chosen.length > 0 && scenario.peers.some(({ name }) => chosen.includes(name)) && !chosen.includes(peer.name)) return false
    const missing = missingPart(peer)
    if (missing !== undefined) console.error(`${peer.title} is left out, for want of ${missing}`)
    return missing === undefined
  })
}

async function measureInTurn(
  scenario: Scenario,
  peers: readonly Peer[],
  { repeats, seconds, warmUpSeconds }: { repeats: number; seconds: number; warmUpSeconds: number },
): Promise<Map<Peer, Measurement[]>> {
  const measurements = new Map<Peer, Measurement[]>(peers.map((peer) => [peer, []]))
  for (let repeat = 0; repeat < repeats; repeat++) {
    for (const [peer, ofPeer] of measurements) ofPeer.push(await takeMeasurement(scenario, peer, seconds, warmUpSeconds))
  }
  return measurements
}

main().catch((error: unknown) => {
  console.error(error)
  process.exit(1)
})
