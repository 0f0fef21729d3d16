import os from 'node:os'
import type { Measurement } from './measurement.ts'
import type { Peer } from './peers.ts'
import { isPinning } from './processes.ts'
import type { Scenario } from './scenarios.ts'
import { median, medianRatio } from './statistics.ts'

/** The result of all runs of one scenario. */
export interface ScenarioReport {
  readonly name: string
  readonly title: string
  readonly unit: string
  readonly goal: string
  readonly baseline: string
  readonly rows: readonly ReportRow[]
}

/** The medians of one server. A ratio is the median of the ratios of the runs. */
export interface ReportRow extends Measurement {
  readonly peer: string
  readonly title: string
  readonly ratio: number | undefined
  readonly ratioPerCpuSecond: number | undefined
  readonly ratioOfP99: number | undefined
  /** The figure of every run. */
  readonly figures: readonly number[]
}

export function summarise(
  scenario: Scenario,
  peers: readonly Peer[],
  measurements: ReadonlyMap<Peer, readonly Measurement[]>,
): ScenarioReport {
  const { name, title, unit, goal, baseline } = scenario
  const ofBaseline = [...measurements].find(([peer]) => peer.name === baseline)?.[1] ?? []
  const rows = peers.map((peer) => {
    const runs = measurements.get(peer) ?? []
    const middle = (key: keyof Measurement): number | undefined => median(runs.map((run) => run[key]))
    const ratioOf = (key: keyof Measurement): number | undefined =>
      medianRatio(
        runs.map((run) => run[key]),
        ofBaseline.map((run) => run[key]),
      )
    return {
      peer: peer.name,
      title: peer.title,
      figure: middle('figure') ?? Number.NaN,
      ratio: ratioOf('figure'),
      perCpuSecond: middle('perCpuSecond'),
      ratioPerCpuSecond: ratioOf('perCpuSecond'),
      p50: middle('p50'),
      p99: middle('p99'),
      ratioOfP99: ratioOf('p99'),
      heap: middle('heap'),
      clientLoad: middle('clientLoad') ?? 0,
      figures: runs.map((run) => run.figure),
    }
  })
  return { name, title, unit, goal, baseline, rows }
}

/** Formats a report as a Markdown table. */
export function table({ name, title, unit, goal, rows, baseline }: ScenarioReport): string {
  const columns = COLUMNS.filter(({ value }) => rows.some((row) => value(row) !== ''))
  const heads = ['server', ...columns.map(({ head }) => head.replace('UNIT', unit).replace('BASELINE', baseline))]
  const lines = rows.map((row) => [row.title, ...columns.map(({ value }) => value(row))])
  const ruler = heads.map((_, index) => (index === 0 ? '---' : '---:'))
  return `\n### ${name}: ${title} (goal ${goal})\n\n${[heads, ruler, ...lines].map((cells) => `| ${cells.join(' | ')} |`).join('\n')}`
}

export function describeMachine(): string {
  const [processor] = os.cpus()
  const pinning = isPinning ? 'server and client pinned to one processor each' : 'nothing pinned'
  return `${processor?.model.trim() ?? os.arch()}, ${os.cpus().length} processors, ${os.type()} ${os.release()}, Node ${process.version}, ${pinning}`
}

interface Column {
  readonly head: string
  readonly value: (row: ReportRow) => string
}

const COLUMNS: readonly Column[] = [
  { head: 'UNIT', value: ({ figure }) => grouped(figure) },
  { head: 'over BASELINE', value: ({ ratio }) => ratioText(ratio) },
  { head: 'per server-CPU-second', value: ({ perCpuSecond }) => grouped(perCpuSecond) },
  { head: 'over BASELINE', value: ({ ratioPerCpuSecond }) => ratioText(ratioPerCpuSecond) },
  { head: 'p50, ms', value: ({ p50 }) => p50?.toFixed(3) ?? '' },
  { head: 'p99, ms', value: ({ p99 }) => p99?.toFixed(3) ?? '' },
  { head: 'p99 over BASELINE', value: ({ ratioOfP99 }) => ratioText(ratioOfP99) },
  { head: 'bytes of heap', value: ({ heap }) => grouped(heap) },
  { head: 'client busy', value: ({ clientLoad = 0 }) => (clientLoad === 0 ? '' : `${Math.round(100 * clientLoad)} %`) },
]

function grouped(figure: number | undefined): string {
  return figure === undefined ? '' : Math.round(figure).toLocaleString('en')
}

function ratioText(ratio: number | undefined): string {
  return ratio?.toFixed(2) ?? ''
}
