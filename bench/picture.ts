import type { ReportRow, ScenarioReport } from './report.ts'

/** Draws reports as an SVG: a block for each scenario, with a bar for each server whose length is its ratio to the baseline. */
export function picture(reports: readonly ScenarioReport[]): string {
  let top = MARGIN
  const blocks = reports
    .filter(({ rows }) => rows.length > 1)
    .map((report) => {
      const drawn = block(report, top)
      top += HEAD_HEIGHT + report.rows.length * ROW_HEIGHT + MARGIN
      return drawn
    })
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" width="${WIDTH}" height="${top}" viewBox="0 0 ${WIDTH} ${top}" font-family="sans-serif" font-size="13">`,
    '<style>text{fill:#1f2328}.note{fill:#656d76}.ours{fill:#0969da}.base{fill:#8c959f}.peer{fill:#c6cdd5}' +
      '@media(prefers-color-scheme:dark){text{fill:#e6edf3}.note{fill:#8d96a0}.ours{fill:#4493f8}.base{fill:#6e7681}.peer{fill:#3d444d}}</style>',
    ...blocks,
    '</svg>\n',
  ].join('\n')
}

function block({ title, rows, baseline, unit }: ScenarioReport, top: number): string {
  const longest = Math.max(...rows.map(lengthOf))
  const direction = unit.endsWith('/s') ? `${unit.replace('/s', '')} per CPU second` : `${unit}, less is better`
  const lines = rows.map((row, index) => bar(row, top + HEAD_HEIGHT + index * ROW_HEIGHT, longest, row.peer === baseline))
  return [
    `<text x="${MARGIN}" y="${top + 14}" font-weight="600">${escaped(title)} <tspan class="note" font-weight="400">(${direction})</tspan></text>`,
    ...lines,
  ].join('\n')
}

/** Prefers the ratio per second of CPU time, if it is known: other load on the machine affects it least. */
function lengthOf({ ratio, ratioPerCpuSecond }: ReportRow): number {
  return ratioPerCpuSecond ?? ratio ?? 0
}

function bar(row: ReportRow, y: number, longest: number, isBaseline: boolean): string {
  const { peer, title } = row
  const ratio = lengthOf(row)
  const figure = row.perCpuSecond ?? row.figure
  const kind = peer.startsWith('ours') || peer === 'http2' ? 'ours' : isBaseline ? 'base' : 'peer'
  const width = Math.max(1, (ratio / longest) * BAR_WIDTH)
  const label = `${ratio.toFixed(2)} <tspan class="note">${Math.round(figure).toLocaleString('en')}</tspan>`
  return [
    `<text x="${BAR_LEFT - 8}" y="${y + 13}" text-anchor="end">${escaped(title)}</text>`,
    `<rect class="${kind}" x="${BAR_LEFT}" y="${y + 2}" width="${width.toFixed(1)}" height="${ROW_HEIGHT - 5}" rx="2"/>`,
    `<text x="${(BAR_LEFT + width + 6).toFixed(1)}" y="${y + 13}">${label}</text>`,
  ].join('')
}

function escaped(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;')
}

const WIDTH = 920
const MARGIN = 16
const HEAD_HEIGHT = 26
const ROW_HEIGHT = 20
const BAR_LEFT = 300
const BAR_WIDTH = 430
