import { readFileSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import type { BenchOptions } from './options.ts'
import { picture } from './picture.ts'
import { describeMachine } from './report.ts'
import type { ScenarioReport } from './report.ts'
import { SCENARIOS } from './scenarios.ts'

/** Writes a report into `results.json` in place of the scenario's earlier one, and draws the charts of all saved reports. */
export function saveReport(report: ScenarioReport, options: BenchOptions): void {
  const results = { ...readResults(), [report.name]: { date: new Date().toISOString(), machine: describeMachine(), options, ...report } }
  const ordered = SCENARIOS.map(({ name }) => results[name]).filter((result) => result !== undefined)
  write('results.json', `${JSON.stringify(Object.fromEntries(ordered.map((result) => [result.name, result])), undefined, 2)}\n`)
  write('results.svg', picture(ordered))
  write('headlines.svg', picture(ordered.filter(({ name }) => HEADLINES.has(name))))
}

/** The scenarios of the chart in README.md. They were chosen for being different from each other, regardless of the result. */
const HEADLINES = new Set(['echo-64', 'echo-16k', 'broadcast', 'handshakes', 'memory'])

/** A report, with the date, the machine and the options of its runs. */
interface SavedReport extends ScenarioReport {
  readonly date: string
  readonly machine: string
  readonly options: BenchOptions
}

function readResults(): Record<string, SavedReport> {
  return JSON.parse(readFileSync(inBench('results.json'), 'utf8'))
}

function write(file: string, text: string): void {
  writeFileSync(inBench(file), text)
}

function inBench(file: string): string {
  return path.join(__dirname, file)
}
