import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'

/** The root of the package. */
export const root = join(__dirname, '../..')

/** All documents for users, by path from the root: the README and the other files there, the guides, and the READMEs of samples and bench. */
export const documents: readonly string[] = ['', 'bench', 'docs', 'samples']
  .flatMap((folder) => markdownIn(folder, folder === 'samples' || folder === 'docs'))
  .toSorted()

/** A part of a document: a heading, a paragraph or a code block. */
export interface DocumentPart {
  /** The anchor of the heading above it, as GitHub creates it; `''` before the first heading. */
  readonly anchor: string
  readonly line: number
  /** The language of a code block, `''` if it has none; `undefined` for text. */
  readonly language: string | undefined
  readonly text: string
}

/** Splits a document into its parts. */
export function partsOf(document: string): DocumentPart[] {
  const parts: DocumentPart[] = []
  const anchors = new Map<string, number>()
  let anchor = ''
  let block: { readonly language: string; readonly line: number; readonly lines: string[] } | undefined
  for (const [index, text] of readText(document).split('\n').entries()) {
    const fence = /^```(.*)$/.exec(text)
    const [, heading] = /^#+ (.+)$/.exec(text) ?? []
    if (block !== undefined && fence !== null) {
      parts.push({ anchor, line: block.line, language: block.language, text: block.lines.join('\n') })
      block = undefined
    } else if (block !== undefined) {
      block.lines.push(text)
    } else if (fence !== null) {
      block = { language: fence[1] ?? '', line: index + 2, lines: [] }
    } else {
      if (heading !== undefined) anchor = anchorOf(heading, anchors)
      parts.push({ anchor, line: index + 1, language: undefined, text })
    }
  }
  return parts
}

/** Reads a file of the package. */
export function readText(path: string): string {
  return readFileSync(join(root, path), 'utf8')
}

/** GitHub's anchor of a heading: lower case, without punctuation, with hyphens for spaces, and numbered if it already exists. */
function anchorOf(heading: string, anchors: Map<string, number>): string {
  const anchor = heading
    .replaceAll(/\[([^\]]*)\]\([^)]*\)/g, '$1')
    .toLowerCase()
    .replaceAll(/[^\p{L}\p{N}\p{M}_\- ]/gu, '')
    .replaceAll(' ', '-')
  const count = anchors.get(anchor) ?? 0
  anchors.set(anchor, count + 1)
  return count === 0 ? anchor : `${anchor}-${count}`
}

function markdownIn(folder: string, isRecursive: boolean): string[] {
  return readdirSync(join(root, folder), { recursive: isRecursive, encoding: 'utf8' })
    .filter((name) => name.endsWith('.md') && !name.includes('node_modules'))
    .map((name) => join(folder, name))
}
