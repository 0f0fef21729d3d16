import { describe, expect, it } from '@jest/globals'
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'

const root = join(__dirname, '..')
const sources = ['bench', 'lib', 'samples', 'spec'].flatMap((folder) =>
  readdirSync(join(root, folder), { recursive: true, encoding: 'utf8' })
    .filter((file) => /\.m?ts$/.test(file) && !file.includes('node_modules'))
    .map((file) => join(folder, file)),
)

describe('the sources', () => {
  it('are plain ASCII, so that what looks alike is alike', () => {
    const offences = sources.flatMap((file) =>
      readFileSync(join(root, file), 'utf8')
        .split('\n')
        .flatMap((line, index) => (/[^\t\x20-\x7e]/.test(line) ? `${file}:${index + 1}: ${line.trim()}` : [])),
    )

    expect(sources).not.toEqual([])
    expect(offences).toEqual([])
  })
})
