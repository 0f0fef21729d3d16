import { afterAll, beforeAll, describe, expect, it } from '@jest/globals'
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { partsOf } from '../docs/documents.ts'
import { installAsync, packAsync, runAsync } from './pack.ts'

const folder = mkdtempSync(join(tmpdir(), 'test-runners-'))

beforeAll(async () => {
  const tarball = await packAsync(folder)
  await installAsync(folder, [tarball, 'express', 'jest', 'supertest', 'typescript', 'vitest', 'ws'])
})

afterAll(() => rmSync(folder, { recursive: true }))

describe('the tests of docs/testing.md, copied into an empty folder', () => {
  it.each([
    ['vitest', 'with-vitest', 'echo.test.ts', 'npx', ['vitest', 'run'], /Tests .*2 passed/],
    ['jest', 'with-jest', 'echo.test.js', 'npx', ['jest'], /Tests: +1 passed/],
    ['node:test', 'with-nodetest', 'echo.test.mjs', process.execPath, ['--test'], /pass 1\n/],
    ['supertest', 'with-supertest', 'page.test.js', 'npx', ['jest'], /Tests: +1 passed/],
    ['a server of its own', 'with-a-server-of-your-own', 'server.test.mjs', process.execPath, ['--test'], /pass 1\n/],
  ])('pass, and the process exits: %s', async (_runner, anchor, file, command, words, expected) => {
    const project = join(folder, anchor)
    mkdirSync(project)
    writeFileSync(join(project, 'package.json'), '{ "private": true }')
    writeFileSync(
      join(project, file.endsWith('.ts') ? 'app.ts' : 'app.js'),
      blockOf('an-application-to-test', file.endsWith('.ts') ? 0 : 1),
    )
    writeFileSync(join(project, file), blockOf(anchor))
    const { stdout, stderr } = await runAsync(command, words, { cwd: project, timeout: 60_000 })
    expect(stdout + stderr).toMatch(expected)
    expect(stdout + stderr).not.toContain('did not exit')
  })
})

/** A code block below a heading. */
function blockOf(anchor: string, index = 0): string {
  const blocks = partsOf('docs/testing.md').filter((part) => part.anchor === anchor && part.language !== undefined)
  const block = blocks[index]
  if (block === undefined) throw new Error(`There is no such code block: ${anchor} (${index + 1})`)
  return block.text
}
