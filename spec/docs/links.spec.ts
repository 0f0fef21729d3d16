import { describe, expect, it } from '@jest/globals'
import { existsSync } from 'node:fs'
import { dirname, join, normalize } from 'node:path'
import { documents, partsOf, root } from './documents.ts'

describe.each(documents)('%s', (document) => {
  it('has no broken link', () => {
    expect(linksOf(document).filter(({ target }) => !isThere(document, target))).toEqual([])
  })
})

describe('the links of the documents', () => {
  it('are found', () => {
    expect(linksOf('README.md').map(({ target }) => target)).toContain('docs/hosting.md#behind-a-proxy')
  })

  it.each([
    ['docs/hosting.md', true],
    ['docs/hosting.md#several-processes', true],
    ['docs/hosting.md#no-such-heading', false],
    ['docs/no-such-page.md', false],
    ['#tasks', true],
    ['#no-such-heading', false],
  ])('to %s are valid: %s', (target, isGood) => {
    expect(isThere('README.md', target)).toBe(isGood)
  })
})

interface Link {
  readonly line: number
  readonly target: string
}

/** The links to files of the repository. */
function linksOf(document: string): Link[] {
  return partsOf(document)
    .filter(({ language }) => language === undefined)
    .flatMap(({ line, text }) =>
      Array.from(withoutCode(text).matchAll(/\]\(([^)\s]+)\)|^\[[^\]]+\]: (\S+)/g), ([, target, definition]) => ({
        line,
        target: target ?? definition ?? '',
      })),
    )
    .filter(({ target }) => !/^[a-z]+:/.test(target) && !target.startsWith('../../security'))
}

function withoutCode(text: string): string {
  return text.replaceAll(/`[^`]*`/g, '``')
}

function isThere(document: string, target: string): boolean {
  const [path = '', anchor] = target.split('#')
  const file = path === '' ? document : normalize(join(dirname(document), path))
  if (!existsSync(join(root, file))) return false
  // The tables of docs/api have anchors in their rows.
  return anchor === undefined || partsOf(file).some((part) => part.anchor === anchor || part.text.includes(`<a id="${anchor}"></a>`))
}
