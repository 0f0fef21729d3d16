import { readdirSync } from 'node:fs'
import { documents, partsOf, readText } from './documents.ts'

/** A piece of code that a user reads, in a document or in a doc comment of lib/. */
export interface CodeBlock {
  /** The file, with the heading or the name that it belongs to: `docs/guides.md#cancel`; numbered from the second one on. */
  readonly place: string
  readonly line: number
  readonly language: string
  readonly code: string
}

/** Every code block. The pages of docs/api consist of doc comments, and these are looked at where they are written. */
export function findCodeBlocks(): CodeBlock[] {
  const written = documents.filter((document) => !document.startsWith('docs/api/'))
  const sources = readdirSync('lib', { recursive: true, encoding: 'utf8' }).filter((name) => name.endsWith('.ts'))
  return numbered([...written.flatMap(blocksOf), ...sources.toSorted().flatMap((name) => examplesOf(`lib/${name}`))])
}

function blocksOf(document: string): CodeBlock[] {
  return partsOf(document).flatMap(({ anchor, language, line, text }) =>
    language === undefined ? [] : { place: `${document}#${anchor}`, line, language, code: text },
  )
}

/** The examples of the doc comments, each with the name of what it is an example for. */
function examplesOf(source: string): CodeBlock[] {
  const text = readText(source)
  return Array.from(
    text.matchAll(/\/\*\*((?:(?!\*\/)[^])*)\*\/\s*(?:(?:export|async|static|get|function|class|interface|const|type) )*(\w+)/g),
  ).flatMap(({ 1: comment = '', 2: name = '', index }) =>
    Array.from(comment.matchAll(/^ *\* ```(\w*)\n([^]*?)^ *\* ```$/gm), (match) => ({
      place: `${source}#${name}`,
      line: text.slice(0, index + match.index).split('\n').length + 1,
      language: match[1] ?? '',
      code: (match[2] ?? '').replaceAll(/^ *\* ?/gm, ''),
    })),
  )
}

function numbered(blocks: readonly CodeBlock[]): CodeBlock[] {
  const counts = new Map<string, number>()
  return blocks.map((block) => {
    const count = (counts.get(block.place) ?? 0) + 1
    counts.set(block.place, count)
    return count === 1 ? block : { ...block, place: `${block.place} (${count})` }
  })
}
