import { describe, expect, it } from '@jest/globals'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'

const root = join(__dirname, '../..')

describe('docs/errors.md', () => {
  it('has a heading for every code of WebSocketException, in order, and no other headings', () => {
    const headings = readFileSync(join(root, 'docs/errors.md'), 'utf8').matchAll(/^#+ `?((?:ERR_|ABORT_)\w+)`?$/gm)

    expect([...headings].map(([, code]) => code)).toEqual(exceptionCodes())
  })
})

function exceptionCodes(): string[] {
  const source = readFileSync(join(root, 'lib/errors/web-socket-exception.ts'), 'utf8')
  const [, union = ''] = /export type WebSocketExceptionCode =((?:\s+\| '\w+')+)/.exec(source) ?? []
  const codes = [...union.matchAll(/'(\w+)'/g)].map(([, code = '']) => code)
  if (codes.length === 0) throw new Error('no codes were found in the source text of WebSocketExceptionCode')
  return codes
}
