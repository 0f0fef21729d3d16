import { readFileSync } from 'node:fs'
import { join } from 'node:path'

/** The content of `docs/differences.md`: the headings that name scenarios, and the scenarios that show the difference. */
export function readDifferencesPage(): ReadonlyMap<string, string[]> {
  const text = readFileSync(join(__dirname, '../../docs/differences.md'), 'utf8')
  const sections = text.split(/^### /m).slice(1)
  const shown = sections.map((section): [heading: string, ids: string[]] => {
    const [heading = ''] = section.split('\n')
    const list = section.split('\n\n').find((paragraph) => paragraph.startsWith('Shown by:')) ?? ''
    return [heading, [...list.matchAll(/`([^`]+)`/g)].map(([, id = '']) => id)]
  })
  return new Map(shown.filter(([, ids]) => ids.length > 0))
}
