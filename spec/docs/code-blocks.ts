import { readdirSync } from 'node:fs'
import { documents, partsOf, readText } from './documents.ts'

/** A code block in a document or in a doc comment of lib/. */
export interface CodeBlock {
  /** The file and the heading or name of the block, such as `docs/guides.md#cancel`; numbered from the second block on. */
  readonly place: string
  readonly line: number
  readonly language: string
  readonly code: string
}

/** All code blocks. The pages of docs/api are generated from doc comments, so their blocks are read from lib/. */
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

/** The examples in the doc comments, each with the name of its subject. */
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
